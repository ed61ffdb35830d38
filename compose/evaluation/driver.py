"""From a model to its scores: every task's label set, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float, Float32, Int8
from torch import Tensor

from compose.data.source import Examples
from compose.evaluation.accumulator import Accumulator
from compose.evaluation.errors import EvaluationError
from compose.evaluation.labels import TaskLabels
from compose.evaluation.protocol import Task

Model: TypeAlias = Callable[[dict[str, Tensor]], Float[Tensor, "b l"]]
"""The inputs of a batch and of a label set by port name -> a score for each image and label."""

LabelInputs: TypeAlias = Callable[[TaskLabels], Mapping[str, Tensor]]
"""A label set -> what the label space gives for it by port name, such as ``labels_vectors``."""


def score(
    model: Model,
    examples: Examples,
    labels: Sequence[TaskLabels],
    label_inputs: LabelInputs,
    *,
    context: TaskLabels | None = None,
    batch: int = 256,
    device: torch.device | str = "cpu",
    on_batch: Callable[[int], None] | None = None,
) -> tuple[dict[Task, Float32[Tensor, "b l"]], Int8[Tensor, "b l"]]:
    """The scores of every task, and the targets over all labels.

    A batch of examples is read once and scored against each distinct label set: a label's score may depend on which
    other labels are in use (a label graph), so that the columns of one set say nothing certain about another's. Tasks
    with the same labels share their scores; with a ``context`` all do. Evaluation mode and autocast are the caller's.

    Args:
        model: called without gradients, with inputs on ``device``.
        examples: the split that is evaluated.
        labels: the label set of each task.
        label_inputs: what the label space gives for a label set.
        context: the labels that are in use for every task; each task's own where not given.
        batch: images at a time.
        device: where the model is.
        on_batch: told the number of images after each batch.

    Raises:
        EvaluationError: there are no examples, or scores do not fit or are not finite.
    """
    if len(examples) == 0:
        raise EvaluationError("expected images to evaluate, but the split is empty")
    distinct = {task.columns: task for task in ([context] if context else labels)}
    filled = {columns: Accumulator(len(examples), len(columns), task=t.task) for columns, t in distinct.items()}
    inputs = {columns: _on(device, label_inputs(task)) for columns, task in distinct.items()}
    targets = []
    with torch.no_grad():
        for start in range(0, len(examples), batch):
            example = dict(examples[range(start, min(start + batch, len(examples)))])
            targets.append(example.pop("targets"))
            example = _on(device, example)
            for columns, accumulator in filled.items():
                accumulator.add(model({**example, **inputs[columns]}))
            if on_batch:
                on_batch(len(targets[-1]))
    scores = {task.task: _columns(filled[(context or task).columns].scores, task, context or task) for task in labels}
    return scores, torch.cat(targets).cpu()


def _columns(scores: Float32[Tensor, "b k"], task: TaskLabels, context: TaskLabels) -> Float32[Tensor, "b l"]:
    """A task's own columns of the scores of the labels in use."""
    if task.columns == context.columns:
        return scores
    column = {label: column for column, label in enumerate(context.columns)}
    return scores[:, [column[label] for label in task.columns]]


def _on(device: torch.device | str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()}
