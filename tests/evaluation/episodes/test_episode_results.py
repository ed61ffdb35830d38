"""Episodes that a spec asks for, and what is kept and said of their result."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor

from compose.block import BlockError
from compose.evaluation.episodes.episode_protocol import EpisodeProtocol
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.label_protocol import labels_hash
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.result import Result
from compose.evaluation.result_table import markdown, table
from compose.labels.label_set import LabelSet
from compose.tasks.episodes import EpisodeShape

from ..spaces import GivenSpace
from .blobs import Blobs, Nearest, run


def evaluated(source: Blobs | None = None, model: Any = None, **options: Any) -> Result:
    section = Evaluation(**{"tasks": ("episodes",), "ways": 4, "queries": 3, "episodes": 30, "seed": 5, **options})
    source = source or Blobs()
    return section.run(model or Nearest(), source, GivenSpace(source.labels), data="blobs")


def test_several_shots_are_several_tasks() -> None:
    result = evaluated(shots=(2, 1, 2))
    assert list(result.tasks) == ["4-way 2-shot", "4-way 1-shot"]
    assert result["4-way 2-shot"] == evaluated(shots=2)["4-way 2-shot"] == run()
    assert result["4-way 1-shot"] == run(EpisodeTest(EpisodeShape(4, 1, 3), 30, 5, "test"))
    assert result.scalars()["4-way 2-shot/accuracy"] > result.scalars()["4-way 1-shot/accuracy"]


def test_defaults() -> None:
    (test,) = Evaluation(tasks=("episodes",)).episodes
    assert test == EpisodeTest(EpisodeShape(5, 1, 15), 1000, 0, "test")
    assert [m.key for m in Evaluation(tasks=("episodes",)).metrics] == ["accuracy"]
    assert [m.key for m in Evaluation(tasks=("seen", "episodes")).metrics] == ["map", "f1@3", "accuracy"]
    assert [m.key for m in Evaluation().metrics] == ["map", "f1@3"]
    assert Evaluation().episodes == ()


def both(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """A model of labels and of episodes."""
    if "support_targets" in inputs:
        return Nearest()(inputs)
    return {"scores": inputs["image"].flatten(1) @ inputs["labels_vectors"].T}


def test_beside_tasks_of_labels() -> None:
    def vectors(labels: LabelSet) -> dict[str, Tensor]:
        return {"labels_vectors": torch.randn(len(labels.columns), 4, generator=torch.Generator().manual_seed(0))}

    options: dict[str, Any] = {"ways": 4, "shots": 2, "queries": 3, "episodes": 30, "seed": 5}
    section = Evaluation(tasks=("episodes", "gzsl"), metrics=("map", "accuracy"), **options)
    space = GivenSpace(Blobs().labels, vectors)
    result = section.run(both, Blobs(), space, data="blobs")
    alone = Evaluation(tasks=("gzsl",), metrics=("map", "accuracy")).run(both, Blobs(), space, data="blobs")
    assert [(labels.which, len(labels.columns)) for labels in space.asked] == [("all", 16), ("seen", 4), ("all", 16)]
    assert result["gzsl"] == alone["gzsl"]
    assert result["4-way 2-shot"] == run()
    assert "episodes it is the mean" in markdown(result)
    assert "episodes it is the mean" not in markdown(alone)


def test_where_no_class_is_seen_all_labels_are_in_use() -> None:
    section = Evaluation(tasks=("episodes",), ways=4, queries=3, episodes=2)
    source = Blobs(seen=(False,) * 16)
    space = GivenSpace(source.labels)
    section.run(Nearest(), source, space, data="blobs")
    assert [labels.which for labels in space.asked] == ["all"]


@pytest.mark.parametrize(
    ("tasks", "metrics", "strange"),
    [
        (("episodes",), ("map",), "map"),
        (("episodes",), ("accuracy", "map", "f1@1"), "map, f1@1"),
        (("gzsl", "episodes"), ("map",), "map"),
    ],
)
def test_metrics_that_episodes_do_not_have(tasks: Any, metrics: tuple[str, ...], strange: str) -> None:
    with pytest.raises(BlockError) as error:
        Evaluation(tasks=tasks, metrics=metrics)
    assert str(error.value) == f"expected a metric that episodes have, such as accuracy, got {strange}"
    assert error.value.parameter == "metrics"


def test_which_metrics_episodes_have() -> None:
    section = Evaluation(tasks=("gzsl", "episodes"), metrics=("map", "accuracy"))
    assert [metric.key for metric in section.of_episodes] == ["accuracy"]
    assert all(isinstance(metric, EpisodeMetric) for metric in section.of_episodes)


# --- the result ---------------------------------------------------------------------------------------------------


def test_protocol() -> None:
    assert run().protocol == EpisodeProtocol(
        task="4-way 2-shot",
        data="blobs",
        split="test",
        ways=4,
        shots=2,
        queries=3,
        episodes=30,
        num_classes=9,
        labels=labels_hash([f"c{i}" for i in range(7, 16)]),
        seed=5,
    )


def test_round_trip() -> None:
    result = evaluated(shots=(1, 2))
    assert Result.loads(result.dumps()) == result
    stored = json.loads(result.dumps())["tasks"]["4-way 2-shot"]
    assert stored["intervals"] == {"accuracy": run().intervals["accuracy"]}
    assert stored["protocol"]["kind"] == "episodes"


def test_tasks_of_labels_have_no_intervals() -> None:
    space = GivenSpace(Blobs().labels, lambda labels: {"labels_vectors": torch.ones(16, 4)})
    result = Evaluation(tasks=("gzsl",)).run(both, Blobs(), space, data="blobs")
    assert result["gzsl"].intervals == {}
    assert "intervals" not in result["gzsl"].to_json()
    assert Result.loads(result.dumps()) == result


def test_report() -> None:
    lines = markdown(evaluated(shots=(1, 2))).splitlines()
    one, two = (100 * evaluated(shots=shots)[f"4-way {shots}-shot"].metrics["accuracy"] for shots in (1, 2))
    half = 100 * run().intervals["accuracy"]
    assert lines[2].startswith(f"| 4-way 1-shot | accuracy | {one:.2f} ± ")
    assert lines[3] == f"| 4-way 2-shot | accuracy | {two:.2f} ± {half:.2f} | 25.0 | 25.0 |"
    assert "- 4-way 2-shot: blobs test, 9 classes, 30 episodes, 3 queries of each class" in lines
    assert lines[-1].startswith("In percent, with the 95% interval of the mean over episodes.")


def test_table_at_80_columns() -> None:
    out = io.StringIO()
    Console(file=out, width=80, no_color=True).print(table(evaluated(shots=(1, 2))))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    half, mean = 100 * run().intervals["accuracy"], 100 * run().metrics["accuracy"]
    (row,) = (line.split() for line in lines if "2-shot" in line and "±" in line)
    assert row == ["4-way", "2-shot", "accuracy", f"{mean:.2f}", "±", f"{half:.2f}", "25.0", "25.0"]


def test_mistakes_are_told_where_they_are_asked_for() -> None:
    assert run().mistakes is None
    told = run(each_label=True).mistakes
    assert told is not None
    assert told.examples
    classes = Blobs().task_examples("test").classes()  # type: ignore[attr-defined]
    for example in told.examples:
        assert [one.label for one in example.shows] == [f"c{classes[example.row]}"]
        assert example.best[0].present is False
    assert sum(one.asked for one in told.classes) == 30 * 4 * 3
    accuracy = sum(one.right for one in told.classes) / (30 * 4 * 3)
    assert accuracy == pytest.approx(run().metrics["accuracy"])
