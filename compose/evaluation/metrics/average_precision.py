"""Average precision of many rankings at once, and its mean over random orders."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Float64, Int, Int8
from torch import Tensor

from compose.evaluation.metrics.metric import chunks
from compose.evaluation.metrics.rules import Rules, Ties

EULER_GAMMA = 0.5772156649015329


def average_precision(
    scores: Float[Tensor, "rows items"], targets: Int8[Tensor, "rows items"], ties: Ties = "grouped"
) -> Float64[Tensor, " rows"]:
    """Mean, over the positives of a row, of the precision among the items ranked down to each of them.

    Unknown items are left out of the ranking.

    Args:
        scores: of the items of each ranking.
        targets: 1, -1, 0 = unknown.
        ties: see :class:`~compose.evaluation.metrics.rules.Rules`. Where grouped, the precision at a positive is that
            at the end of its group of equal scores: scikit-learn's ``average_precision_score``.

    Returns:
        One value a row; NaN where it has no positive.
    """
    ranked, order = _rank(scores, targets, ties)
    truth = targets.gather(1, order)
    positive = truth > 0
    found = positive.cumsum(1, dtype=torch.int32)
    known = (truth != 0).cumsum(1, dtype=torch.int32)
    hits = positive.flatten().nonzero()[:, 0]
    at = _group_end(ranked, hits) if ties == "grouped" else hits
    precision = found.flatten()[at].double() / known.flatten()[at]
    total = torch.zeros(len(scores), dtype=torch.float64).index_add_(0, hits // scores.shape[1], precision)
    return total / found[:, -1]


def label_average_precision(
    scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules
) -> Float64[Tensor, " l"]:
    """The average precision of each label; NaN where it has no positive."""
    images, labels = scores.shape
    parts = [
        average_precision(scores[:, some].T.contiguous(), targets[:, some].T.contiguous(), rules.ties)
        for some in chunks(labels, images)
    ]
    return torch.cat(parts)


def expected_average_precision(
    positives: Int[Tensor, " rows"], known: Int[Tensor, " rows"]
) -> Float64[Tensor, " rows"]:
    """The exact mean of average precision over all orders of ``known`` items, ``positives`` of them positive.

    A positive's rank k is uniform, and of the k - 1 items above it a share q = (P - 1) / (N - 1) is positive in the
    mean: the mean over k of (1 + (k - 1) q) / k is q + (1 - q) H_N / N, with the harmonic number H_N.

    Returns:
        One value a row; NaN where it has no positive.
    """
    items = known.double()
    q = (positives.double() - 1) / (items - 1).clamp(min=1)
    harmonic = torch.digamma(items + 1) + EULER_GAMMA
    return torch.where(positives > 0, q + (1 - q) * harmonic / items, torch.nan)


def _rank(
    scores: Float[Tensor, "rows items"], targets: Int8[Tensor, "rows items"], ties: Ties
) -> tuple[Float[Tensor, "rows items"], Int[Tensor, "rows items"]]:
    if ties != "worst":
        ranked, order = scores.sort(dim=1, descending=True, stable=ties == "stable")
        return ranked, order
    negatives_first = targets.argsort(dim=1, stable=True)
    ranked, order = scores.gather(1, negatives_first).sort(dim=1, descending=True, stable=True)
    return ranked, negatives_first.gather(1, order)


def _group_end(ranked: Float[Tensor, "rows items"], hits: Int[Tensor, " hits"]) -> Int[Tensor, " hits"]:
    """The last item of each hit's group of equal scores; items are counted through the rows."""
    last: Bool[Tensor, "rows items"] = torch.ones_like(ranked, dtype=torch.bool)
    torch.ne(ranked[:, :-1], ranked[:, 1:], out=last[:, :-1])
    ends = last.flatten().nonzero()[:, 0]
    return ends[torch.searchsorted(ends, hits)]
