"""How wrong the order of the labels of each example is."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Float64, Int8, Int64
from torch import Tensor

from compose.evaluation.metrics.metric import chunks


def ranking_losses(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]) -> Float64[Tensor, " b"]:
    """The ranking loss of each example: the share of its pairs of a label that it shows and one that it does not show
    which are in the wrong order; equal scores count a half. NaN where there is no such pair.

    Reference: Schapire and Singer, BoosTexter (Machine Learning 39, 2000), section 3; labels of which nobody said
    whether they are shown are left out.

    Args:
        scores: of every example and label.
        targets: 1 = present, -1 = absent, 0 = unknown.
    """
    images, labels = scores.shape
    parts = [_losses(scores[some], targets[some]) for some in chunks(images, labels)]
    return torch.cat(parts) if parts else torch.empty(0, dtype=torch.float64)


def _losses(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]) -> Float64[Tensor, " b"]:
    present, absent = targets > 0, targets < 0
    wrong = (
        scores.masked_fill(~absent, math.inf).sort(1).values.contiguous()
    )  # b l: those that are not shown, ascending
    at_most = torch.searchsorted(wrong, scores.contiguous(), right=True)
    below = torch.searchsorted(wrong, scores.contiguous())
    count = absent.sum(1, keepdim=True)
    lost = count - (at_most + below).double() / 2  # b l: labels above it that are not shown, equal ones a half
    pairs = present.sum(1) * count[:, 0]
    return (lost * present).sum(1) / pairs


def worst_rows(losses: Float64[Tensor, " b"], margins: Float[Tensor, " b"], most: int) -> Int64[Tensor, " k"]:
    """The examples with the greatest losses; of equal ones those with the greatest margins, then the first.

    Args:
        losses: NaN where there is none; such an example is none of them, and neither is one without a loss.
        margins: by how much the highest score of a label that is not shown is above the lowest of one that is.
        most: how many.
    """
    kept = (losses > 0).nonzero()[:, 0]
    order = margins[kept].argsort(descending=True, stable=True)
    return kept[order[losses[kept[order]].argsort(descending=True, stable=True)]][:most]


def margins(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]) -> Float[Tensor, " b"]:
    """By how much the highest score of a label that is not shown is above the lowest of one that is."""
    highest = scores.masked_fill(targets >= 0, -math.inf).amax(1)
    return highest - scores.masked_fill(targets <= 0, math.inf).amin(1)
