"""Evaluation on tasks of examples that carry several labels, against a plain loop over the tasks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from jaxtyping import Int64
from rich.console import Console
from torch import Tensor

from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.source import DataError, DataSource, LabelTable, Split
from compose.evaluation.episodes.episode_protocol import EpisodeProtocol
from compose.evaluation.episodes.episode_test import EpisodeTest, ModelParts
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import labels_hash
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.metrics.micro_f1 import MicroF1
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.result import Result, TaskResult
from compose.evaluation.result_table import markdown, table
from compose.tasks.episodes import EpisodeShape
from compose.tasks.task_pool import draw_tasks

from ..spaces import GivenSpace

COLUMNS: dict[Split, list[int]] = {"train": [0, 1, 2], "val": [3, 4, 5, 6], "test": [7, 8, 9, 10, 11]}

TUNED = {"use": "micro_f1", "threshold": "validation"}
SIZE = 40
KEY = "micro_f1(threshold=validation)"
METRICS = ("micro_auc", "micro_f1", TUNED, "macro_f1")
TEST = EpisodeTest(EpisodeShape(3, 2, 8), 25, 1, "test")


@dataclass
class Notes(DataSource):
    """40 vectors a split, each near the sum of its labels' means. What is read is remembered."""

    splits: tuple[Split, ...] = ("train", "val", "test")
    example_protocol: str = "example_split"
    reads: list[int] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple(f"l{i}" for i in range(12)), (True,) * 3 + (False,) * 9, (None,) * 12)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"features": (5,)}

    def split(self, name: Split) -> Vectors:
        if name not in self.splits:
            raise DataError(f"there are no examples in the split `{name}`")
        return Vectors(name, self.reads)


class Vectors(MultiLabelExamples):
    def __init__(self, split: Split, reads: list[int]) -> None:
        dice = np.random.default_rng(COLUMNS[split])
        self._split, self._reads = split, reads
        self._carried = dice.random((SIZE, 12)) < 0.12
        self._carried[np.arange(SIZE), dice.choice(COLUMNS[split], SIZE)] = True
        means = np.random.default_rng(0).standard_normal((12, 5))
        self._features = self._carried @ means + 0.3 * dice.standard_normal((SIZE, 5))

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        rows = np.asarray(indices) % SIZE
        self._reads.extend(rows)
        targets = np.where(self._carried[rows], 1, -1).astype(np.int8)
        return {"features": torch.from_numpy(self._features[rows]).float(), "targets": torch.from_numpy(targets)}

    def columns(self) -> Int64[np.ndarray, " k"]:
        return np.array(COLUMNS[self._split])

    def positives(self) -> Positives:
        starts = np.concatenate([[0], self._carried.sum(1).cumsum()])
        return Positives(starts, self._carried.nonzero()[1])


@dataclass
class Nearest:
    """A score near 1 where a query is as near as the support to the mean of a label; remembers its inputs."""

    calls: list[dict[str, Tensor]] = field(default_factory=list)
    port: str = "features"

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        self.calls.append(inputs)
        targets = inputs["support_targets"]
        vectors = inputs[self.port].unflatten(0, (len(targets), -1))
        support, queries = vectors[:, : targets.shape[1]], vectors[:, targets.shape[1] :]
        weights = targets.gt(0).float()
        means = weights.mT @ support / weights.sum(1)[..., None]
        return {"scores": torch.exp(-torch.cdist(queries, means))}


def run(test: EpisodeTest = TEST, model: Any = None, source: Notes | None = None, **options: Any) -> TaskResult:
    metrics = [made for made in make_metrics(METRICS) if isinstance(made, EpisodeMetric)]
    given: dict[str, Any] = {"data": "notes", "inputs": {}, "rules": Rules(), "batch": 256, **options}
    return test.run(model or Nearest(), source or Notes(), metrics, **given)


def tasks(test: EpisodeTest) -> list[tuple[Tensor, Tensor, Tensor]]:
    """The scores, targets and labels of each task, drawn and scored alone."""
    drawn = draw_tasks(
        Notes(), test.split, [test.shape], sampling="uniform", seed=test.seed, count=test.episodes, examples=None
    )
    batches = [drawn[[number]] for number in range(test.episodes)]
    return [(Nearest()(b)["scores"][0], b["query_targets"][0], b["episode_labels"][0]) for b in batches]


def f1(found: list[tuple[Tensor, Tensor, Tensor]], threshold: float) -> float:
    """The mean over tasks."""
    scores, targets = (np.stack([task[i].numpy() for task in found]) for i in (0, 1))
    chosen, carried = (scores > threshold) & (targets != 0), targets > 0
    hits, total = (chosen & carried).sum((1, 2)), chosen.sum((1, 2)) + carried.sum((1, 2))
    return float((2 * hits / total).mean())


def best(found: list[tuple[Tensor, Tensor, Tensor]]) -> float:
    thresholds = torch.cat([scores for scores, _, _ in found]).unique().tolist()
    return max(f1(found, threshold) for threshold in [-1.0, *thresholds])


def as_prior(test: EpisodeTest) -> list[tuple[Tensor, Tensor, Tensor]]:
    examples = Notes().split(test.split)
    share = (examples[range(SIZE)]["targets"] > 0).double().mean(0)
    return [(share[labels].expand(targets.shape), targets, labels) for _, targets, labels in tasks(test)]


@pytest.mark.parametrize("batch", [1, 60, 10_000])
def test_against_a_loop(batch: int) -> None:
    result, found = run(batch=batch), tasks(TEST)
    assert result.metrics.keys() == {"micro_auc", "micro_f1", KEY, "macro_f1"}
    for metric in make_metrics(["micro_auc", "micro_f1", "macro_f1"]):
        values = [metric.value(scores, targets, Rules()) for scores, targets, _ in found]
        assert result.metrics[metric.key] == pytest.approx(np.mean(values))
        assert result.intervals[metric.key] == pytest.approx(1.959964 * np.std(values, ddof=1) / 5)
        chance = [metric.chance(scores, targets, Rules()) for scores, targets, _ in found]
        assert result.chance[metric.key] == pytest.approx(np.mean(chance))
        prior = [metric.value(scores, targets, Rules()) for scores, targets, _ in as_prior(TEST)]
        assert result.prior[metric.key] == pytest.approx(np.mean(prior))
    assert any((targets == 0).any() for _, targets, _ in found), "some queries are padding"


def test_the_threshold_is_the_best_of_the_validation_tasks() -> None:
    result, validation = run(), tasks(EpisodeTest(TEST.shape, 25, 1, "val"))
    assert isinstance(result.protocol, EpisodeProtocol)
    (chosen,) = (result.protocol.thresholds or {}).values()
    assert f1(validation, chosen) == pytest.approx(best(validation))
    assert result.metrics[KEY] == pytest.approx(f1(tasks(TEST), chosen))
    assert result.metrics[KEY] > result.metrics["micro_f1"]
    prior = as_prior(EpisodeTest(TEST.shape, 25, 1, "val"))
    thresholds = [t for scores, _, _ in prior for t in scores.unique().tolist()]
    wanted = max([*thresholds, -1.0], key=lambda t: f1(prior, t))
    assert result.prior[KEY] == pytest.approx(f1(as_prior(TEST), wanted))


def test_all_positive_is_of_metrics_with_a_threshold() -> None:
    result = run()
    expected = f1(tasks(TEST), -1)
    assert result.all_positive.keys() == {"micro_f1", KEY, "macro_f1"}
    assert result.all_positive["micro_f1"] == result.all_positive[KEY] == pytest.approx(expected)


def test_on_the_validation_split_thresholds_are_chosen_on_other_tasks() -> None:
    own = EpisodeTest(TEST.shape, 25, 1, "val")
    assert own.validation == EpisodeTest(TEST.shape, 25, 2, "val")
    assert TEST.validation == own
    protocol = run(own).protocol
    assert isinstance(protocol, EpisodeProtocol)
    (chosen,) = (protocol.thresholds or {}).values()
    assert f1(tasks(own.validation), chosen) == pytest.approx(best(tasks(own.validation)))


def test_the_model_is_given_no_truth_but_that_of_the_support() -> None:
    model, told = Nearest(), list[int]()
    run(model=model, batch=60, on_batch=told.append)
    assert all(call.keys() == {"features", "support_targets", "episode_labels"} for call in model.calls)
    assert told == 2 * ([60] * 12 + [30])


@pytest.mark.parametrize("split", ["val", "test"])
def test_each_example_is_read_once(split: Split) -> None:
    source = Notes()
    test = EpisodeTest(TEST.shape, 25, 1, split)
    test.run(Nearest(), source, [MicroF1()], data="notes", inputs={}, rules=Rules(), batch=1)
    assert len(source.reads) == len(set(source.reads))


def test_a_model_in_parts() -> None:
    """What it computes of each vector is computed once, for the validation tasks, too."""
    computed: list[int] = []

    def features(batch: dict[str, Tensor]) -> dict[str, Tensor]:
        computed.append(len(batch["features"]))
        return {"inner": 2 * batch["features"], "targets": batch["targets"]}

    def doubled(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return Nearest()({**inputs, "features": 2 * inputs["features"]})

    rest = Nearest(port="inner")
    result = run(model=doubled, parts=ModelParts(features, rest))
    assert result.metrics == pytest.approx(run(model=doubled).metrics)
    assert rest.calls[0].keys() == {"inner", "support_targets", "episode_labels"}
    assert sum(computed) <= 2 * (SIZE + 2)


def test_protocol() -> None:
    protocol = run(source=Notes(example_protocol="label_split")).protocol
    assert isinstance(protocol, EpisodeProtocol)
    assert (protocol.examples, protocol.num_classes) == ("label_split", 5)
    assert protocol.labels == labels_hash([f"l{i}" for i in range(7, 12)])
    assert protocol.line().startswith("notes test, label_split, 5 labels, 25 episodes, 8 queries of each label, ")
    assert f"validation episodes: micro_f1 {(protocol.thresholds or {})[KEY]:.3g}" in protocol.line()


# --- without validation tasks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "ways", "reason"),
    [
        (Notes(splits=("train", "test")), 3, "there are no examples in the split `val`"),
        (Notes(), 5, "an episode needs 5 labels, and the split `val` has 4"),
    ],
)
def test_data_without_validation_tasks(source: Notes, ways: int, reason: str) -> None:
    """Told by a check that reads no example, and by the run."""
    section = Evaluation(tasks=("episodes",), metrics=METRICS, ways=ways, shots=2, queries=2, episodes=3)
    message = f"{ways}-way 2-shot: expected validation episodes for `threshold: validation`, but {reason}"
    for attempt in (
        lambda: section.check_thresholds(source),
        lambda: section.run(Nearest(), source, GivenSpace(source.labels), data="notes"),
    ):
        with pytest.raises(EvaluationError) as caught:
            attempt()
        assert str(caught.value) == message
    assert source.reads == []
    Evaluation(tasks=("episodes",), metrics=("micro_f1",), ways=ways).check_thresholds(source)


# --- the result ---------------------------------------------------------------------------------------------------


def evaluated(metrics: Sequence[Any] = METRICS) -> Result:
    section = Evaluation(tasks=("episodes",), metrics=tuple(metrics), ways=3, shots=2, queries=8, episodes=25, seed=1)
    return section.run(Nearest(), Notes(), GivenSpace(Notes().labels), data="notes")


def test_round_trip() -> None:
    result = evaluated()
    assert result["3-way 2-shot"] == run()
    assert Result.loads(result.dumps()) == result
    stored = json.loads(result.dumps())["tasks"]["3-way 2-shot"]
    assert stored["all_positive"].keys() == {"micro_f1", KEY, "macro_f1"}
    assert stored["protocol"]["thresholds"].keys() == {KEY}


def test_results_stored_before_are_read() -> None:
    stored = json.loads(evaluated(["micro_auc"]).dumps())
    assert "all_positive" not in stored["tasks"]["3-way 2-shot"]
    assert Result.from_json(stored)["3-way 2-shot"].all_positive == {}


def test_report() -> None:
    lines = markdown(evaluated()).splitlines()
    assert lines[0] == "| task | metric | result | chance | class prior | all positive |"
    assert lines[1] == "| --- | --- | ---: | ---: | ---: | ---: |"
    auc, tuned = lines[2].split("|"), lines[4].split("|")
    assert (auc[2], auc[6]) == (" micro-AUC ", "  ")
    assert tuned[2] == " micro-F1 (tuned) "
    assert tuned[6] == f" {100 * run().all_positive[KEY]:.1f} "
    assert lines[-1].endswith("All positive predicts every label for every query.")
    assert "all positive" not in markdown(evaluated(["micro_auc"]))
    assert "All positive" not in markdown(evaluated(["micro_auc"]))


def test_table_at_80_columns() -> None:
    section = Evaluation(tasks=("episodes",), metrics=METRICS, ways=4, shots=3, queries=4, episodes=5)
    result = section.run(Nearest(), Notes(), GivenSpace(Notes().labels), data="notes")
    (task,) = result.tasks.values()
    out = io.StringIO()
    Console(file=out, width=80, no_color=True).print(table(Result({"10-way 5-shot": task})))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    head = next(line.split() for line in lines if "metric" in line)
    assert head in (
        ["task", "metric", "result", "chance", "prior", "positive"],
        ["task", "metric", "result", "chance", "class", "all"],
    )
    assert any("micro-F1 (tuned)" in line for line in lines)


def test_mistakes_name_the_labels_of_their_examples() -> None:
    source = Notes()
    space = GivenSpace(source.labels)
    options: dict[str, Any] = {"ways": 3, "shots": 2, "queries": 8, "episodes": 25, "seed": 1}
    section = Evaluation(tasks=("episodes",), metrics=METRICS[:2], **options)
    model = lambda inputs: {"scores": torch.randn(inputs["support_targets"].shape[0], 24, 3)}  # noqa: E731
    (task,) = section.run(model, source, space, data="notes", each_label=True).tasks.values()
    assert task.mistakes is not None
    assert task.mistakes.examples
    examples = source.task_examples("test")
    for example in task.mistakes.examples:
        targets = examples[[example.row]]["targets"][0]
        for one in (*example.shows, *example.best):
            assert (targets[int(one.label.removeprefix("l"))] > 0) == one.present
