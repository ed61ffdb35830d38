from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.data.source import LabelTable
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.label_protocol import labels_hash
from compose.evaluation.label_scores import Accumulator
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.result import Result
from compose.evaluation.task_labels import named_labels, task_labels
from compose.labels.label_set import Labels, label_set

TABLE = LabelTable(("ant", "bee", "cat", "dog"), (True, False, True, False), (None,) * 4)
TARGETS = torch.tensor([[1, -1, -1, 1], [-1, 1, -1, -1], [1, -1, -1, -1], [-1, 0, -1, -1]], dtype=torch.int8)
SCORES = torch.tensor([[0.9, 0.1, 0.3, 0.8], [0.2, 0.7, 0.4, 0.9], [0.8, 0.3, 0.1, 0.2], [0.1, 0.6, 0.9, 0.3]])
TRUTH = Truth(TARGETS, "toy", "test")


def run(scores: Tensor, **options: object) -> Result:
    labels = task_labels(TABLE, ["zsl", "gzsl"])
    by_task = {"zsl": scores[:, [1, 3]], "gzsl": scores}
    return evaluate(by_task, TRUTH, labels, make_metrics(["map", "f1@1"]), **options)  # type: ignore[arg-type]


def test_tasks_score_their_own_labels() -> None:
    """zsl: bee comes first among the known; dog second, behind an image without one."""
    result = run(SCORES)
    assert result["zsl"].metrics["map"] == pytest.approx((1 + 1 / 2) / 2)
    assert result["zsl"].metrics["f1@1"] == pytest.approx(2 * 1 / (4 + 2))  # image 0: dog, a hit; image 1: dog, a miss
    assert result["gzsl"].metrics["f1@1"] == pytest.approx(2 * 2 / (4 + 4))


def test_with_positives_drops_images_for_each_task() -> None:
    result = run(SCORES, images="with_positives")
    assert result["zsl"].protocol.num_images == 2
    assert result["gzsl"].protocol.num_images == 3
    assert result["zsl"].metrics["f1@1"] == pytest.approx(2 * 1 / (2 + 2))


@pytest.mark.parametrize(("images", "which"), [("with_seen", "seen"), ("with_unseen", "unseen"), ("with_any", "all")])
@pytest.mark.parametrize("seed", range(3))
def test_images_with_a_label_of_a_named_set(images: str, which: Labels, seed: int) -> None:
    """The metrics of a table without the other images, one image after the other."""
    drawn = torch.Generator().manual_seed(seed)
    scores = torch.rand(40, 4, generator=drawn)
    targets = torch.randint(-1, 2, (40, 4), generator=drawn).to(torch.int8)
    targets[torch.rand(40, generator=drawn) < 0.5] = -1
    named = named_labels(TABLE, images)  # type: ignore[arg-type]
    assert named == label_set(TABLE, which)
    columns = [column for column, seen in enumerate(TABLE.seen) if which == "all" or seen == (which == "seen")]
    kept = [row for row in range(40) if any(targets[row, column] == 1 for column in columns)]
    assert 0 < len(kept) < 40
    labels, metrics = task_labels(TABLE, ["zsl", "gzsl", "seen"]), make_metrics(["map", "f1@1"])

    def measured(rows: list[int], **options: object) -> Result:
        by_task = {task: scores[rows][:, own.index] for task, own in labels.items()}
        return evaluate(by_task, Truth(targets[rows], "toy", "test"), labels, metrics, **options)  # type: ignore[arg-type]

    found, slow = measured(list(range(40)), images=images, named=named), measured(kept)
    for task in labels:
        assert found[task].metrics == slow[task].metrics
        assert found[task].protocol.num_images == len(kept)
        assert found[task].protocol.positives == slow[task].protocol.positives
        assert found[task].protocol.images == images
        assert f"{len(kept)} images with a" in found[task].protocol.line()
        assert "which images: with_" in found[task].protocol.agrees(slow[task].protocol)[0]


def test_a_named_set_without_labels_and_without_images() -> None:
    with pytest.raises(EvaluationError, match="images: with_unseen counts no image, as all 1 are seen"):
        named_labels(LabelTable(("ant",), (True,), (None,)), "with_unseen")
    truth = Truth(torch.tensor([[1, -1, -1, -1]], dtype=torch.int8), "toy", "test")
    named = named_labels(TABLE, "with_unseen")
    options: dict[str, Any] = {"images": "with_unseen", "named": named}
    found = evaluate({"gzsl": SCORES[:1]}, truth, task_labels(TABLE, ["gzsl"]), make_metrics(["map"]), **options)
    assert found.unmeasured == {"gzsl": "none of 0 images carries any of its labels"}


def test_empty_labels_left_out_or_zero() -> None:
    """Nobody carries cat."""
    skipped, zero = run(SCORES), run(SCORES, rules=Rules(no_positives="zero"))
    assert zero["gzsl"].metrics["map"] == pytest.approx(skipped["gzsl"].metrics["map"] * 3 / 4)
    assert zero["gzsl"].chance["map"] == pytest.approx(skipped["gzsl"].chance["map"] * 3 / 4)
    assert zero["gzsl"].prior["map"] == pytest.approx(skipped["gzsl"].prior["map"] * 3 / 4)


def test_protocol_of_a_result() -> None:
    protocol = run(SCORES)["zsl"].protocol
    assert (protocol.data, protocol.split, protocol.task, protocol.images) == ("toy", "test", "zsl", "all")
    assert (protocol.num_images, protocol.num_labels, protocol.labels) == (4, 2, labels_hash(["bee", "dog"]))
    assert (protocol.positives, protocol.negatives, protocol.unknown) == (2, 5, 1)


def test_result_round_trip() -> None:
    result = run(SCORES)
    assert Result.loads(result.dumps()) == result
    assert result.scalars()["zsl/map"] == result["zsl"].metrics["map"]


def test_undefined_values_are_null() -> None:
    everyone = Truth(torch.ones(4, 4, dtype=torch.int8), "toy", "test")
    result = evaluate({"gzsl": SCORES}, everyone, task_labels(TABLE, ["gzsl"]), make_metrics(["micro_auc"]))
    assert json.loads(result.dumps())["tasks"]["gzsl"]["metrics"] == {"micro_auc": None}
    assert math.isnan(Result.loads(result.dumps())["gzsl"].metrics["micro_auc"])


def test_half_precision_scores() -> None:
    assert run(SCORES.to(torch.bfloat16))["zsl"].metrics["map"] == run(SCORES)["zsl"].metrics["map"]


@pytest.mark.parametrize(
    ("scores", "targets", "message"),
    [
        (
            SCORES[:3],
            TARGETS,
            "expected float scores of shape (4, 4) (images, labels), got torch.float32 of shape (3, 4)",
        ),
        (SCORES.long(), TARGETS, "got torch.int64"),
        (SCORES.where(SCORES > 0.1, torch.nan), TARGETS, "expected finite scores, got NaN or infinity in 3 of 16"),
        (SCORES / 0, TARGETS, "got NaN or infinity in 16 of 16"),
        (SCORES, TARGETS * 2, "expected int8 targets 1 (present), -1 (absent) and 0 (unknown), got others"),
    ],
)
def test_errors(scores: Tensor, targets: Tensor, message: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        evaluate({"gzsl": scores}, Truth(targets, "toy", "test"), task_labels(TABLE, ["gzsl"]), make_metrics(["map"]))
    assert message in str(caught.value)
    assert str(caught.value).startswith("gzsl: ")
    assert caught.value.task == "gzsl"


def test_missing_scores() -> None:
    with pytest.raises(EvaluationError, match="zsl: expected scores of this task, got those of gzsl"):
        evaluate({"gzsl": SCORES}, TRUTH, task_labels(TABLE, ["zsl"]), make_metrics(["map"]))


def test_task_without_labels() -> None:
    table = LabelTable(("ant",), (True,), (None,))
    with pytest.raises(EvaluationError, match="zsl: expected unseen labels, but all 1 are seen"):
        task_labels(table, ["zsl"])


class TestAccumulator:
    def test_fills_up(self) -> None:
        accumulator = Accumulator(4, 4)
        accumulator.add(SCORES[:3].double())
        accumulator.add(SCORES[3:])
        assert accumulator.scores.equal(SCORES)

    def test_incomplete(self) -> None:
        accumulator = Accumulator(4, 4)
        accumulator.add(SCORES[:3])
        with pytest.raises(EvaluationError, match="expected scores of 4 images, got 3"):
            _ = accumulator.scores

    @pytest.mark.parametrize("scores", [SCORES[:, :3], SCORES.repeat(2, 1), SCORES[0], SCORES.long()])
    def test_wrong_shape(self, scores: Tensor) -> None:
        with pytest.raises(EvaluationError, match="gzsl: expected float scores of shape b 4 with b of at most 4"):
            Accumulator(4, 4, task="gzsl").add(scores)

    def test_not_finite(self) -> None:
        accumulator = Accumulator(8, 4)
        accumulator.add(SCORES)
        bad = SCORES.clone()
        bad[2, 1] = torch.nan
        with pytest.raises(EvaluationError, match="in 1 of 16 scores of a batch, first nan for image 6, label 1"):
            accumulator.add(bad)
