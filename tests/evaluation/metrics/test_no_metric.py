"""A class that is registered as a metric and is none."""

from __future__ import annotations

from typing import Any

import pytest

from compose.evaluation.metrics import metric_entries
from compose.evaluation.metrics.metric_entries import make_metric, sets_parameters
from compose.registry.registry import Registry, registry


class Accuracy:
    """Of no use here."""


class Wrong(Registry):
    """All that is known, where every metric is made as another thing."""

    def construct(self, kind: Any, name: str, values: Any, *rest: Any, **options: Any) -> Any:
        return Accuracy()


def test_it_is_told_by_its_name_and_class(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Wrong(registry().all())
    monkeypatch.setattr(metric_entries, "registry", lambda: wrong)
    with pytest.raises(TypeError, match="metric `map`: Accuracy is no subclass of compose"):
        make_metric("map")


@pytest.mark.parametrize(
    ("entry", "sets"),
    [("map", False), ("f1@3", True), ({"use": "micro_f1"}, False), ({"use": "micro_f1", "threshold": 0.3}, True)],
)
def test_whether_an_entry_says_more_than_its_name(entry: Any, sets: bool) -> None:
    assert sets_parameters(entry) == sets
