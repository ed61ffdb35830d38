"""From a model to its scores: every task's label set, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from jaxtyping import Float32, Int8, Int64
from torch import Tensor

from compose.data.source import Examples
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import CountedImages, Task
from compose.evaluation.label_scores import LabelScores
from compose.evaluation.metrics.box_hits import BoxHits, ShownBoxes
from compose.labels.label_set import Labels, LabelSet
from compose.processes.shares import ALONE, SharedRows, Shares

ScoringModel: TypeAlias = Callable[[dict[str, Tensor]], Mapping[str, Tensor]]
"""The inputs of a batch and of a label set by port name -> ``scores``, ``b l``: one for each image and label.

Where it also tells where it looks, it gives ``label_maps``, ``b l h w``: a map for each label; or ``attention``,
``b m h w``: a map for each module, and ``winner``, int64 ``b l``: the module that each label's score comes from.
"""

LabelInputs: TypeAlias = Callable[[Labels], Mapping[str, Tensor]]
"""Which labels are in use -> what the label space gives of them by port name, such as ``labels_vectors``."""

BOXES = ("boxes", "box_labels")
"""What examples hold besides their targets that is truth, and no model's input."""


@dataclass(frozen=True)
class TaskScores:
    """What a model says to a split.

    Args:
        targets: the truth over all labels of the data.
        scores: task -> the scores of all images.
        box_hits: task -> where the model looks; nothing where it was not asked.
        usage: task -> how often each module gave a label's score, over the images that count; nothing where the model
            does not tell.
    """

    targets: Int8[Tensor, "b l"]
    scores: dict[Task, Float32[Tensor, "b l"]]
    box_hits: dict[Task, BoxHits]
    usage: dict[Task, Int64[Tensor, "l m"]]


def score(
    model: ScoringModel,
    examples: Examples,
    labels: Mapping[Task, LabelSet],
    label_inputs: LabelInputs,
    *,
    context: LabelSet | None = None,
    images: CountedImages = "all",
    named: LabelSet | None = None,
    looks: bool = False,
    batch: int = 256,
    device: torch.device | str = "cpu",
    on_batch: Callable[[int], None] | None = None,
    shares: Shares = ALONE,
) -> TaskScores:
    """What a model says to a split, for every task.

    A batch of examples is read once and scored against each distinct label set: a label's score may depend on which
    other labels are in use (a label graph), so that the columns of one set say nothing certain about another's. Tasks
    with the same labels share their scores; with a ``context`` all do. Evaluation mode and autocast are the caller's.

    Args:
        model: called without gradients, with inputs on ``device``.
        examples: the split that is evaluated.
        labels: the labels of each task.
        label_inputs: what the label space gives for a label set.
        context: the labels that are in use for every task; each task's own where not given.
        images: which images count where modules are counted.
        named: the labels of which an image must show one, where ``images`` names a set.
        looks: whether the places where the model looks are compared with the boxes of the examples.
        batch: images at a time.
        device: where the model is.
        on_batch: told the number of images after each batch.
        shares: the processes that score; what all say comes together in the first.

    Raises:
        EvaluationError: there are no examples, scores do not fit or are not finite, or the model does not tell where it
            looks, or the examples have no boxes.
    """
    if len(examples) == 0:
        raise EvaluationError("expected images to evaluate, but the split is empty")
    rows = SharedRows(len(examples), batch, shares)
    sets = [
        LabelScores(tasks, context or next(iter(tasks.values())), rows, images=images, named=named, looks=looks)
        for tasks in _together(labels, context)
    ]
    inputs = [_on(device, label_inputs(one.labels.which)) for one in sets]
    targets = []
    with torch.no_grad():
        for portion in rows:
            example = dict(examples[portion.rows])
            targets.append(example.pop("targets")[: portion.kept].cpu())
            boxes = {name: example.pop(name)[: portion.kept].cpu() for name in BOXES if name in example}
            shown = _boxes(targets[-1], boxes, example) if looks else None
            example = _on(device, example)
            for one, given in zip(sets, inputs, strict=True):
                outputs = model({**example, **given})
                kept = {name: value[: portion.kept] for name, value in outputs.items()}
                one.add(kept, targets[-1], shown, start=portion.rows.start)
            if on_batch:
                on_batch(len(targets[-1]))
    for one in sets:
        one.collect()
    return TaskScores(
        rows.collect(torch.cat(targets)),
        scores={task: one.scores(task) for one in sets for task in one.tasks},
        box_hits={task: one.locator.box_hits for one in sets if one.locator for task in one.tasks},
        usage={task: counts for one in sets for task, counts in one.usage.items()},
    )


def _together(labels: Mapping[Task, LabelSet], context: LabelSet | None) -> list[dict[Task, LabelSet]]:
    """The tasks by the labels that are in use for them."""
    found: dict[tuple[int, ...], dict[Task, LabelSet]] = {}
    for task, own in labels.items():
        found.setdefault((context or own).columns, {})[task] = own
    return list(found.values())


def _boxes(targets: Int8[Tensor, "b l"], boxes: Mapping[str, Tensor], example: Mapping[str, Tensor]) -> ShownBoxes:
    if len(boxes) < len(BOXES) or "image" not in example:
        raise EvaluationError("expected examples with `image`, `boxes` and `box_labels` to tell where a model looks, "
                              f"got {', '.join((*example, *boxes))}")  # fmt: skip
    height, width = example["image"].shape[-2:]
    return ShownBoxes(targets, boxes["boxes"], boxes["box_labels"], (height, width))


def _on(device: torch.device | str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()}
