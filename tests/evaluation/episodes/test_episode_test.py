"""Evaluation on episodes against a plain loop over them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from compose.block import BlockError
from compose.data.classes.single_label import ClassExamples
from compose.data.source import DataError, DataSource, LabelTable, Split
from compose.evaluation.episodes.episode_mean import half_width
from compose.evaluation.episodes.episode_protocol import EpisodeProtocol
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import labels_hash
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.result import Result, TaskResult
from compose.evaluation.result_table import markdown, table
from compose.labels.label_set import LabelSet
from compose.tasks.class_pool import ClassPool
from compose.tasks.episodes import Episodes, EpisodeShape

from ..spaces import GivenSpace

SPLITS: tuple[Split, ...] = ("train",) * 4 + ("val",) * 3 + ("test",) * 9
SHAPE = EpisodeShape(4, 2, 3)
TEST = EpisodeTest(SHAPE, 30, 5, "test")


@dataclass
class Blobs(DataSource):
    """12 blurred pictures of each class. What is read is remembered."""

    seen: tuple[bool, ...] = tuple(split == "train" for split in SPLITS)
    reads: list[int] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple(f"c{i}" for i in range(16)), self.seen, (None,) * 16)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"image": (1, 2, 2)}

    def split(self, name: Split) -> Blurred:
        return Blurred(name, self.reads)


class Blurred(ClassExamples):
    def __init__(self, split: Split, reads: list[int]) -> None:
        columns = [column for column, own in enumerate(SPLITS) if own == split]
        super().__init__(np.tile(columns, 12), 16)
        random = np.random.default_rng(7)
        self._pictures = random.standard_normal((16, 4))[self._classes] + random.standard_normal((len(self), 4))
        self._reads = reads

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Tensor:
        self._reads.extend(indices)
        return torch.from_numpy(self._pictures[rows]).float().view(-1, 1, 2, 2)


@dataclass
class Nearest:
    """Scores by the distance from each class's mean, and remembers its inputs."""

    calls: list[dict[str, Tensor]] = field(default_factory=list)

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        assert not torch.is_grad_enabled()
        self.calls.append(inputs)
        targets = inputs["support_targets"]
        pictures = inputs["image"].flatten(1).unflatten(0, (len(targets), -1))
        support, queries = pictures[:, : targets.shape[1]], pictures[:, targets.shape[1] :]
        weights = targets.gt(0).float()
        means = weights.mT @ support / weights.sum(1)[..., None]
        return {"scores": -torch.cdist(queries, means)}


def slow(test: EpisodeTest, source: Blobs) -> list[float]:
    """The accuracy of each episode: one at a time, picture by picture, in double precision."""
    drawn = Episodes(
        ClassPool(source, test.split), [test.shape], sampling="uniform", seed=test.seed, count=test.episodes
    )
    found = []
    for number in range(test.episodes):
        batch = drawn[[number]]
        pictures, shown = batch["image"].double().numpy().reshape(-1, 4), batch["targets"].argmax(1).tolist()
        support, queries = range(test.shape.support), range(test.shape.support, test.shape.pictures)
        means = {c: np.mean([pictures[i] for i in support if shown[i] == c], axis=0) for c in set(shown)}
        hits = [shown[i] == min(means, key=lambda c: float(np.linalg.norm(pictures[i] - means[c]))) for i in queries]
        found.append(sum(hits) / len(hits))
    return found


def run(test: EpisodeTest = TEST, model: Any = None, source: Blobs | None = None, **options: Any) -> TaskResult:
    given: dict[str, Any] = {"data": "blobs", "inputs": {}, "rules": Rules(), "batch": 256, **options}
    return test.run(model or Nearest(), source or Blobs(), [Accuracy()], **given)


@pytest.mark.parametrize(
    "test",
    [
        TEST,
        EpisodeTest(EpisodeShape(9, 1, 11), 7, 0, "test"),
        EpisodeTest(EpisodeShape(2, 5, 1), 40, 1, "val"),
        EpisodeTest(EpisodeShape(3, 3, 2), 10, 2, "train"),
    ],
)
@pytest.mark.parametrize("batch", [1, 100, 10_000])
def test_mean_and_interval_against_a_loop(test: EpisodeTest, batch: int) -> None:
    """Whatever the batch."""
    values = slow(test, Blobs())
    result = run(test, batch=batch)
    assert result.metrics == {"accuracy": pytest.approx(np.mean(values), abs=1e-12)}
    assert result.intervals == {"accuracy": pytest.approx(1.959964 * np.std(values, ddof=1) / len(values) ** 0.5)}
    assert result.chance == result.prior == {"accuracy": pytest.approx(1 / test.shape.ways)}
    assert result.titles == {"accuracy": "accuracy"}
    assert result.metrics["accuracy"] > 1 / test.shape.ways


def test_batches() -> None:
    """As many episodes as their pictures allow, at least one."""
    for batch, sizes in ((1, [1] * 30), (79, [3] * 10), (80, [4] * 7 + [2]), (10_000, [30])):
        model, told = Nearest(), list[int]()
        run(model=model, batch=batch, on_batch=told.append)
        assert [len(call["support_targets"]) for call in model.calls] == sizes
        assert told == [20 * size for size in sizes]


def test_the_model_is_given_no_truth() -> None:
    model = Nearest()
    run(model=model, inputs={"labels_vectors": torch.eye(3)})
    assert model.calls[0].keys() == {"image", "support_targets", "episode_labels", "labels_vectors"}


def test_the_same_episodes_every_time() -> None:
    first, again, other = Nearest(), Nearest(), Nearest()
    run(model=first)
    run(model=again)
    run(EpisodeTest(SHAPE, 30, 6, "test"), model=other)
    assert torch.equal(first.calls[0]["image"], again.calls[0]["image"])
    assert not torch.equal(first.calls[0]["image"], other.calls[0]["image"])


def test_each_picture_is_read_once() -> None:
    source = Blobs()
    run(source=source, batch=1)
    assert len(source.reads) == len(set(source.reads))


def test_chance_of_a_metric_that_goes_through_the_episodes() -> None:
    """Whatever the batch, and although it differs from episode to episode."""

    class Odd(Accuracy):
        chance_of_episodes = EpisodeMetric.chance_of_episodes

        def chance(self, scores: Tensor, targets: Tensor, rules: Rules) -> float:
            return float((scores > -1).double().mean())

    given: dict[str, Any] = {"data": "blobs", "inputs": {}, "rules": Rules()}
    found = [TEST.run(Nearest(), Blobs(), [Odd()], batch=batch, **given).chance["accuracy"] for batch in (1, 80, 1000)]
    scores: list[Tensor] = []

    def remembering(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        answer = Nearest()(inputs)
        scores.append(answer["scores"])
        return answer

    run(model=remembering)
    assert found == [pytest.approx(float((torch.cat(scores) > -1).double().mean()))] * 3


def test_half_width() -> None:
    values = torch.tensor([0.25, 0.75, 1.0], dtype=torch.float64)
    assert half_width(values) == pytest.approx(1.959964 * np.std(values.numpy(), ddof=1) / 3**0.5)
    assert half_width(torch.cat([values, torch.full((5,), math.nan)])) == half_width(values)
    assert math.isnan(half_width(values[:1]))


# --- errors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_scores_that_are_not_finite(value: float) -> None:
    def breaking(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        scores = Nearest()(inputs)["scores"]
        scores[-1, 0, 0] = value
        return {"scores": scores}

    with pytest.raises(EvaluationError, match="expected finite scores, got NaN or infinity in 1 of 5") as error:
        run(model=breaking)
    assert error.value.task == "4-way 2-shot"


def test_scores_of_another_shape() -> None:
    with pytest.raises(EvaluationError) as error:
        run(model=lambda inputs: {"scores": Nearest()(inputs)["scores"].flatten(0, 1)})
    message = "expected scores of shape (12, 12, 4) (episodes, queries, classes), got (144, 4)"
    assert str(error.value) == f"4-way 2-shot: {message}"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (EpisodeShape(10, 1, 1), "an episode needs 10 classes, and the split `test` has 9"),
        (EpisodeShape(3, 5, 8), "an episode needs 13 pictures of each class"),
    ],
)
def test_data_without_such_episodes(shape: EpisodeShape, message: str) -> None:
    """Told by the check, which reads no picture, and by the run."""
    source, test = Blobs(), EpisodeTest(shape, 3, 0, "test")
    with pytest.raises(DataError, match=message):
        test.check(source)
    with pytest.raises(DataError, match=message):
        run(test, source=source)
    TEST.check(source)
    assert source.reads == []


# --- the section of a spec ----------------------------------------------------------------------------------------


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
