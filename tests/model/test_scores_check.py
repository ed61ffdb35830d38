"""What a spec scores by has the shape of scores, for every task."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compose.errors import SpecError, SpecErrors
from compose.training.prepare import Prepared
from compose.training.reserved_sizes import ReservedSizes

Make = Callable[..., Prepared]

MODEL = """
model:
  backbone: {use: backbone, arch: conv64, taps: [block2], channels: [8, 8, 8, 8]}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  best: {use: max_similarity, in: [regions, labels.vectors]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  fixed: {use: linear, in: pooled, size: 128}
  looking: {use: label_attention, in: [backbone.last, labels.vectors]}
  scores: {use: label_bilinear, in: [looking, labels.vectors]}
"""


def refused(prepared: Make, *overrides: str) -> SpecError:
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(MODEL, overrides=overrides).shaped
    return caught.value.errors[0]


@pytest.mark.parametrize(
    ("port", "message"),
    [
        ("regions", "`regions` is 4 × 64 × 12, and scores are b l, here 4 × 128"),
        ("pooled", "`pooled` is 4 × 8, and scores are b l, here 4 × 128"),
        ("best.winner", "`best.winner` is of int64, and scores are b l, here 4 × 128"),
        ("looking.attention", "`looking.attention` is 4 × 128 × 8 × 8, and scores are b l, here 4 × 128"),
    ],
)
def test_ports_that_are_no_scores(prepared: Make, port: str, message: str) -> None:
    error = refused(prepared, f"scores={port}")
    assert (error.code, error.message) == ("scores-shape", message)
    assert error.expected == "one score for each image and label"


def test_as_many_outputs_as_seen_labels_are_no_scores_of_unseen_ones(prepared: Make) -> None:
    error = refused(prepared, "scores=fixed")
    why = "so they cannot score unseen ones"
    assert error.message == f"the scores `fixed` do not follow the number of labels, {why}"
    assert error.notes[0].message == "they are 4 × 128 for 128 labels, 4 × 128 for 129"
    made = prepared(MODEL, overrides=("scores=fixed", "evaluate.tasks=[seen]"))
    assert made.shaped.plan.scores.step == "fixed"


@pytest.mark.parametrize("port", ["regions", "looking.features"])
def test_attention_is_maps(prepared: Make, port: str) -> None:
    error = refused(prepared, f"attention={port}")
    assert error.code == "scores-shape"
    assert error.message.endswith("and attention is maps, b m h w or b l h w")


def test_each_task_at_its_own_number_of_labels(prepared: Make) -> None:
    sizes = ReservedSizes(prepared(MODEL, overrides=("evaluate.tasks=[zsl, seen, gzsl]",))).of_tasks()
    assert {task: found["targets"] for task, found in sizes.items()} == {
        "zsl": (1, 33),
        "seen": (1, 128),
        "gzsl": (1, 161),
    }
    context = ("evaluate.tasks=[zsl]", "evaluate.label_context=all")
    assert ReservedSizes(prepared(MODEL, overrides=context)).of_tasks()["zsl"]["labels.vectors"] == (161, 12)


def test_a_task_that_a_block_refuses(prepared: Make) -> None:
    """A block may serve one label more than in training, and not as few as a task has."""
    error = refused(prepared, "model.scores.use=at_least_a_hundred", "model.scores.in=[looking, labels.vectors]")
    assert error.message == "`scores` fails on these shapes: too few labels"
    assert error.notes[-1].message == "while the task zsl is scored"


def test_modules_are_in_evaluation_mode_then(prepared: Make) -> None:
    error = refused(prepared, "model.scores.use=training_alone", "model.scores.in=[looking, labels.vectors]")
    assert error.message == "`scores` fails on these shapes: only for training"


def test_inputs_that_the_data_turn_out_not_to_have(prepared: Make) -> None:
    """Every class of the external source is a label, so that there is no external node."""
    error = refused(
        prepared,
        "labels.external={use: glyph_scenes, size: 32}",
        "model.more={use: linear, in: external.vectors, size: 3}",
        "loss.more={use: variance, in: more}",
    )
    assert error.message.startswith("there is no `external.vectors` here: every external class is a label")
