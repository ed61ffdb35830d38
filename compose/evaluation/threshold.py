"""Counts of the labels predicted at a threshold: what micro- and macro-F1 share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int8, Int64
from torch import Tensor

from compose.evaluation.counts import per_label
from compose.evaluation.metric import Metric, chunks


@dataclass(frozen=True)
class Counts:
    """Sums over the images of each label, unknown targets left out.

    Args:
        predicted: scores above the threshold.
        positives: targets that are 1.
        hits: both.
        known: targets that are 1 or -1.
    """

    predicted: Int64[Tensor, " l"]
    positives: Int64[Tensor, " l"]
    hits: Int64[Tensor, " l"]
    known: Int64[Tensor, " l"]


class Threshold(Metric):
    """A metric of the labels whose score is above a threshold."""

    def __init__(self, *, threshold: float = 0.5) -> None:
        self.threshold = threshold

    @property
    def key(self) -> str:
        """The name, with the threshold where it is not 0.5."""
        return super().key + ("" if self.threshold == 0.5 else f"(threshold={self.threshold:g})")


def count(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], threshold: float) -> Counts:
    """The counts of each label.

    Args:
        scores: of every image and label.
        targets: 1, -1, 0 = unknown.
        threshold: a label is predicted where its score is greater.
    """
    sums = torch.zeros(4, scores.shape[1], dtype=torch.int64)
    for rows in chunks(*scores.shape):
        known, positive = targets[rows] != 0, targets[rows] > 0
        predicted = (scores[rows] > threshold) & known
        sums += torch.stack([per_label(kind) for kind in (predicted, positive, predicted & positive, known)])
    return Counts(*sums)


def f1(hits: Tensor, predicted: Tensor, positives: Tensor) -> Float64[Tensor, "*l"]:
    """2 hits / (predicted + positives); 0 where nothing is predicted and nothing positive."""
    return 2 * hits.double() / (predicted + positives).clamp(min=1)


def shuffled(counts: Counts) -> Float64[Tensor, " l"]:
    """The hits in the mean over all ways to deal out the same scores at random among the known targets of a label."""
    return counts.predicted.double() * counts.positives / counts.known.clamp(min=1)
