"""The results of single labels, against slow loops."""

from __future__ import annotations

import math

import pytest
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from compose.data.source import LabelTable
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.metrics.average_precision import average_precision
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.per_label import LabelResult, best_thresholds, label_results
from compose.evaluation.per_label_table import label_table, read_label_table
from compose.evaluation.scored_task import ScoredTask
from compose.evaluation.task_labels import task_labels


def drawn(images: int, labels: int, *, levels: int, seed: int) -> tuple[Float[Tensor, "b l"], Int8[Tensor, "b l"]]:
    """Scores on a few levels, so that many are equal, and targets of all three kinds."""
    dice = torch.Generator().manual_seed(seed)
    scores = torch.randint(levels, (images, labels), generator=dice).float() / levels
    return scores, torch.randint(-1, 2, (images, labels), generator=dice, dtype=torch.int8)


def f1_at(scores: list[float], targets: list[int], threshold: float) -> float:
    """By the definition."""
    known = [(score > threshold, target > 0) for score, target in zip(scores, targets, strict=True) if target]
    hits = sum(predicted and present for predicted, present in known)
    return 2 * hits / max(1, sum(predicted for predicted, _ in known) + sum(present for _, present in known))


@pytest.mark.parametrize("levels", [2, 5, 10_000])
@pytest.mark.parametrize("seed", range(4))
def test_the_best_threshold_of_each_label(levels: int, seed: int) -> None:
    scores, targets = drawn(17, 9, levels=levels, seed=seed)
    values, thresholds = best_thresholds(scores.T.contiguous(), targets.T.contiguous())
    for label in range(9):
        column, truth = scores[:, label].tolist(), targets[:, label].tolist()
        slow = max(f1_at(column, truth, cut) for cut in [-1.0, *column])
        assert float(values[label]) == pytest.approx(slow)
        assert f1_at(column, truth, float(thresholds[label])) == pytest.approx(slow)


def test_counts_and_average_precision() -> None:
    scores, targets = drawn(23, 6, levels=7, seed=1)
    targets[:, 2] = -1
    names = ["a", "b", "c", "d", "e", "f"]
    task = ScoredTask(scores, targets, torch.zeros(6), (True, False) * 3)
    found = label_results(task, names, Rules(ties="stable"))
    assert [label.label for label in found] == names
    assert [label.seen for label in found] == [True, False] * 3
    for index, label in enumerate(found):
        column = targets[:, index].tolist()
        assert (label.positives, label.negatives, label.unknown) == tuple(map(column.count, (1, -1, 0)))
        slow = average_precision(scores[:, index][None], targets[:, index][None], "stable")
        assert label.ap == pytest.approx(float(slow), nan_ok=True)
    assert [math.isnan(value) for value in (found[2].ap, found[2].chance, found[2].best_f1, found[2].threshold)] == [
        True
    ] * 4


def test_one_image() -> None:
    values, thresholds = best_thresholds(torch.tensor([[0.5]]), torch.tensor([[1]], dtype=torch.int8))
    assert (float(values), float(thresholds)) == (1.0, -0.5)


def test_their_mean_is_the_metric() -> None:
    scores, targets = drawn(40, 5, levels=100, seed=3)
    table = LabelTable(tuple("abcde"), (True, True, True, False, False), (None,) * 5)
    labels = task_labels(table, ["zsl", "gzsl"])
    by_task = {"zsl": scores[:, 3:], "gzsl": scores}
    truth = Truth(targets, "toy", "test")
    result = evaluate(by_task, truth, labels, make_metrics(["map"]), each_label=True)  # type: ignore[arg-type]
    for task in ("zsl", "gzsl"):
        values = [label.ap for label in result[task].labels if not math.isnan(label.ap)]
        assert sum(values) / len(values) == pytest.approx(result[task].metrics["map"])
    plain = evaluate(by_task, truth, labels, make_metrics(["map"]))  # type: ignore[arg-type]
    assert plain["zsl"].labels == ()
    assert plain == result, "they are no part of what is compared"
    assert "labels" not in result.to_json()["tasks"]["zsl"]


def test_the_table_reads_back() -> None:
    rows = [
        LabelResult("zebra", False, 3, 4, 1, 0.25, 0.5, 2 / 3, -1.5),
        LabelResult('=HYPERLINK("x")', True, 0, 8, 0, *[math.nan] * 4),
        LabelResult("a,b", True, 1, 7, 0, 1.0, 0.125, 1.0, 3e-7),
    ]
    text = label_table(rows)
    assert text.splitlines()[0] == "label,seen,positives,negatives,unknown,ap,chance,best_f1,threshold"
    assert text.splitlines()[1] == "zebra,false,3,4,1,0.25,0.5,0.6666666666666666,-1.5"
    assert text.splitlines()[2] == '"\'=HYPERLINK(""x"")",true,0,8,0,,,,'
    found = read_label_table(text)
    assert (found[0], found[2]) == (rows[0], rows[2])
    assert math.isnan(found[1].ap)
    with pytest.raises(ValueError, match="expected the columns label, seen"):
        read_label_table("a,b\n1,2\n")
