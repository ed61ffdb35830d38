"""What a model says while one set of labels is in use, for the tasks that this set serves."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Float32, Int8, Int64
from torch import Tensor

from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import CountedImages, Task
from compose.evaluation.metrics.box_hits import Locator, ShownBoxes, label_places
from compose.evaluation.module_usage import count_modules
from compose.evaluation.scored_task import counted
from compose.labels.label_set import LabelSet
from compose.processes.shares import SharedRows


class LabelScores:
    """Fills up batch by batch; of the maps of attention nothing is kept.

    Args:
        tasks: the labels of each task.
        labels: the labels in use, those of the tasks among them.
        rows: the images, and which of them come here.
        images: which images count where modules are counted.
        named: the labels of which an image must show one, where ``images`` names a set.
        looks: whether places are compared with boxes.
    """

    def __init__(
        self,
        tasks: Mapping[Task, LabelSet],
        labels: LabelSet,
        rows: SharedRows,
        *,
        images: CountedImages,
        named: LabelSet | None,
        looks: bool,
    ) -> None:
        self.tasks, self.labels, self._rows = tasks, labels, rows
        self.usage: dict[Task, Int64[Tensor, "l m"]] = {}
        self.locator = Locator(labels.columns, rows.shares) if looks else None
        self._accumulator = Accumulator(rows.own, len(labels.columns), task=next(iter(tasks)))
        self._images: CountedImages = images
        self._named = named
        column = {label: column for column, label in enumerate(labels.columns)}
        self._columns = {task: [column[label] for label in own.columns] for task, own in tasks.items()}

    def add(
        self, outputs: Mapping[str, Tensor], targets: Int8[Tensor, "b l"], shown: ShownBoxes | None, *, start: int
    ) -> None:
        """Take in a batch.

        Args:
            outputs: of the model.
            targets: the truth over all labels of the data.
            shown: the same with boxes, where places are compared with them.
            start: the first image's number.
        """
        self._accumulator.add(outputs["scores"], start=start)
        if self.locator and shown:
            self.locator.add(label_places(outputs).cpu(), shown)
        if "attention" in outputs and "winner" in outputs:
            self._count(outputs["winner"].cpu(), outputs["attention"].shape[1], targets)

    def _count(self, winner: Int64[Tensor, "b k"], modules: int, targets: Int8[Tensor, "b l"]) -> None:
        for task, own in self.tasks.items():
            kept = counted(targets, own, self._images, self._named)
            counts = count_modules(winner[kept][:, self._columns[task]], modules)
            so_far = self.usage.get(task)
            self.usage[task] = counts if so_far is None else so_far + counts

    def collect(self) -> None:
        """Bring together in the first process what all have taken in."""
        self._accumulator.collect(self._rows)
        self.usage = {task: self._rows.shares.sum(counts) for task, counts in self.usage.items()}
        if self.locator:
            self.locator.collect(self._rows)

    def scores(self, task: Task) -> Float32[Tensor, "b l"]:
        """A task's own columns of the scores of the labels in use."""
        scores = self._accumulator.scores
        return scores if self.tasks[task].columns == self.labels.columns else scores[:, self._columns[task]]


class Accumulator:
    """A float32 matrix in main memory, allocated once, that fills up batch by batch.

    Args:
        images: rows to come.
        labels: columns.
        task: named in errors.
    """

    def __init__(self, images: int, labels: int, *, task: str | None = None) -> None:
        self._scores = torch.empty(images, labels, dtype=torch.float32)
        self._filled = 0
        self._task = task

    def add(self, scores: Float[Tensor, "b l"], *, start: int | None = None) -> None:
        """Append the scores of a batch, from any device and of any float dtype.

        Args:
            scores: the batch's.
            start: the number of its first image, for errors; that of the row where None.

        Raises:
            EvaluationError: their shape does not fit, or they hold NaN or infinity.
        """
        images, labels = self._scores.shape
        room = images - self._filled
        if scores.ndim != 2 or scores.shape[1] != labels or len(scores) > room or not scores.is_floating_point():
            raise EvaluationError(
                f"expected float scores of shape b {labels} with b of at most {room}, "
                f"got {scores.dtype} of shape {tuple(scores.shape)}",
                task=self._task,
            )
        rows = self._scores[self._filled : self._filled + len(scores)]
        rows.copy_(scores)
        if not rows.isfinite().all():
            raise EvaluationError(_not_finite(rows, self._filled if start is None else start), task=self._task)
        self._filled += len(scores)

    @property
    def scores(self) -> Float32[Tensor, "b l"]:
        """The whole matrix.

        Raises:
            EvaluationError: images are missing.
        """
        if self._filled < len(self._scores):
            raise EvaluationError(
                f"expected scores of {len(self._scores):,} images, got {self._filled:,}", task=self._task
            )
        return self._scores

    def collect(self, rows: SharedRows) -> None:
        """Bring together in the first process what all have."""
        self._scores = rows.collect(self.scores)
        self._filled = len(self._scores)


def _not_finite(rows: Float32[Tensor, "b l"], start: int) -> str:
    bad = ~rows.isfinite()
    row, label = bad.nonzero()[0].tolist()
    return (
        f"expected finite scores, got NaN or infinity in {int(bad.sum()):,} of {bad.numel():,} scores of a batch, "
        f"first {rows[row, label].item()} for image {start + row}, label {label}"
    )
