"""A metric of the user's own that fails is found before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose

METRIC = """\
from compose.block import metric
from compose.evaluation.metrics.metric import EpisodeMetric, Metric

@metric(name="{name}")
class Share({base}):
    def value(self, scores, targets, rules):
        {value}
    def of_episodes(self, scores, targets, rules):
        {of_episodes}
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _errors(spec: str, *, base: str = "Metric", value: str = "return 0.5", of_episodes: str = "pass") -> list[str]:
    name = f"share_of_{spec}"  # a class stays registered where all tests see it
    Path("mine.py").write_text(METRIC.format(name=name, base=base, value=value, of_episodes=of_episodes))
    overrides = {"evaluate.metrics": ["map" if spec == "starter" else "accuracy", name]}
    found = compose.validate(f"zoo/{spec}.yaml", overrides=overrides, blocks=["mine.py"])
    return [f"{error.place}: {error.message}" for error in found.errors]


def test_a_metric_of_labels(told: Path) -> None:
    assert _errors("starter") == []
    (error,) = _errors("starter", value="return scores.nothing")
    assert error.startswith(
        "mine.py:7:16: the metric `share_of_starter` fails on scores of three images: AttributeError: "
    )


def test_a_metric_of_episodes(told: Path) -> None:
    options = {"base": "EpisodeMetric", "of_episodes": "return targets.double().mean((1, 2))"}
    assert _errors("stanet", **options) == []
    (error,) = _errors("stanet", **{**options, "of_episodes": "return targets[7]"})
    assert error.startswith("mine.py:9:16: the metric `share_of_stanet` fails on scores of three images: IndexError: ")
