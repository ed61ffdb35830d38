from __future__ import annotations

from typing import Any

import pytest

from compose.block import BlockError
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.metrics.micro_f1 import MicroF1
from compose.registry.introspect import declare

ALL = ["map", "miap", "precision@3", "recall@3", "f1@3", "f1@5", "micro_f1", "macro_f1", "micro_auc", "accuracy"]


def test_every_metric_by_name() -> None:
    assert [made.key for made in make_metrics(ALL)] == ALL


def test_mapping_form() -> None:
    (made,) = make_metrics([{"use": "micro_f1", "threshold": 1}])
    assert isinstance(made, MicroF1)
    assert made.cut == 1.0
    assert [m.key for m in make_metrics([{"use": "f1", "k": 3}])] == ["f1@3"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("mpa", "there is no metric `mpa`; did you mean `map`?"),
        ("f1@0", "K of the metric `f1@0` is 0; expected an integer > 0"),
        ({"use": "f1", "k": 0}, "f1: k: Input should be greater than 0, got 0"),
        (
            {"use": "micro_f1", "threshold": float("nan")},
            "micro_f1: threshold: Input should be a finite number, got nan",
        ),
        (
            {"name": "map"},
            "{'name': 'map'} is no metric; expected a metric such as `map` or `f1@3`, or {use: NAME, ...}",
        ),
    ],
)
def test_errors(entry: Any, message: str) -> None:
    with pytest.raises(BlockError) as caught:
        make_metrics([entry])
    assert message in str(caught.value)
    assert caught.value.parameter == "metrics"


def test_twice_the_same() -> None:
    with pytest.raises(BlockError, match="expected each metric once, got `f1@3` twice"):
        make_metrics(["f1@3", {"use": "f1", "k": 3}])


def test_declaration_has_docs() -> None:
    declaration = declare(MicroF1)
    assert declaration.name == "micro_f1"
    assert declaration.parameters[0].doc.startswith("a label is predicted where its score is greater; in episodes,")


def test_a_threshold_is_a_number_or_a_word() -> None:
    number, word = declare(MicroF1).parameters[0].schema["anyOf"]
    assert number == {"type": "number"}
    assert word == {"const": "validation", "type": "string"}
    (made,) = make_metrics([{"use": "micro_f1", "threshold": "validation"}])
    assert (made.key, made.title) == ("micro_f1(threshold=validation)", "micro-F1 (tuned)")
