"""Scores of batches, gathered into one matrix."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from compose.evaluation.evaluation_error import EvaluationError


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

    def add(self, scores: Float[Tensor, "b l"]) -> None:
        """Append the scores of a batch, from any device and of any float dtype.

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
            raise EvaluationError(self._not_finite(rows), task=self._task)
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

    def _not_finite(self, rows: Float32[Tensor, "b l"]) -> str:
        bad = ~rows.isfinite()
        row, label = bad.nonzero()[0].tolist()
        return (
            f"expected finite scores, got NaN or infinity in {int(bad.sum()):,} of {bad.numel():,} scores of a batch, "
            f"first {rows[row, label].item()} for image {self._filled + row}, label {label}"
        )
