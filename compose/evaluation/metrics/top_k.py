"""How many positives stand among the K best labels of each image: what precision, recall and F1 at K share."""

from __future__ import annotations

from abc import abstractmethod

import torch
from jaxtyping import Float, Float64, Int8
from torch import Tensor

from compose.block import BlockError
from compose.evaluation.metrics.metric import Metric, chunks
from compose.evaluation.metrics.rules import Rules, Ties


class TopK(Metric):
    """A metric of overall counts at the top K: hits, places and positives, summed over all images.

    Every image gives K places (fewer where the task has fewer labels), whatever its scores. Only 1 is positive: an
    unknown among the K best takes its place and is no hit, as in this field's published code, so that a model cannot
    gain by filling the top K with labels nobody checked.
    """

    def __init__(self, *, k: int) -> None:
        if k < 1:
            raise BlockError(f"expected a whole number above 0, got {k}", parameter="k")
        self.k = k

    @property
    def key(self) -> str:
        """The name with its K: ``f1@3``."""
        return f"{super().key}@{self.k}"

    @property
    def title(self) -> str:
        """The name with its K: ``F1@3``."""
        return self.key.capitalize()

    @abstractmethod
    def of_counts(self, hits: float, places: int, positives: int) -> float:
        """The metric of the three sums.

        Args:
            hits: positives within the top K.
            places: K for each image.
            positives: of all images.
        """

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The metric over all images."""
        hits = float(hits_at(self.k, scores, targets, rules.ties).sum())
        return self.of_counts(hits, self._places(targets), _positives(targets))

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: a random K of l labels holds K / l of an image's positives, and the metric is linear in the hits."""
        places, positives = self._places(targets), _positives(targets)
        return self.of_counts(positives * places / targets.numel(), places, positives)

    def _places(self, targets: Int8[Tensor, "b l"]) -> int:
        images, labels = targets.shape
        return min(self.k, labels) * images


def _positives(targets: Int8[Tensor, "b l"]) -> int:
    return int(torch.count_nonzero(targets > 0))


def hits_at(
    k: int, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], ties: Ties = "grouped"
) -> Float64[Tensor, " b"]:
    """Positives among the k best labels of each image; a fraction where grouped ties share out the last places.

    Args:
        k: places; all labels count where there are fewer.
        scores: of every image and label.
        targets: 1, -1, 0 = unknown.
        ties: see :class:`~compose.evaluation.metrics.rules.Rules`.
    """
    parts = [_hits(k, scores[rows], targets[rows], ties) for rows in chunks(*scores.shape)]
    return torch.cat(parts)


def _hits(k: int, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], ties: Ties) -> Float64[Tensor, " b"]:
    labels = scores.shape[1]
    best = scores.topk(min(k + 1, labels), dim=1)
    hits = (targets.gather(1, best.indices[:, :k]) > 0).sum(1).double()
    if k < labels:
        tied = best.values[:, k - 1] == best.values[:, k]
        hits[tied] = _tied_hits(k, scores[tied], targets[tied], best.values[tied, k - 1, None], ties)
    return hits


def _tied_hits(
    k: int, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], last: Float[Tensor, "b 1"], ties: Ties
) -> Float64[Tensor, " b"]:
    positive, above, tied = targets > 0, scores > last, scores == last
    left = k - above.sum(1)  # places for the labels that tie at the last score
    sure = (above & positive).sum(1)
    if ties == "stable":
        return (sure + (tied & positive & (tied.cumsum(1) <= left[:, None])).sum(1)).double()
    tied_positive = (tied & positive).sum(1)
    if ties == "worst":
        return (sure + (left - (tied & ~positive).sum(1)).clamp(min=0)).double()
    return sure + left * tied_positive.double() / tied.sum(1)
