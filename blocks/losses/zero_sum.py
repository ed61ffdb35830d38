"""Scores summed by factors that add up to zero."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def zero_sum(factors: Float[Tensor, "b l"], scores: Float[Tensor, "b l"]) -> Float[Tensor, " b"]:
    """The sums of factors times scores, where each image's factors, which get no gradient, add up to zero.

    The scores may then be centred first, at the mean of those that count, which leaves less to round.
    """
    weights, known = factors.abs(), scores.detach()
    centre = (weights * known).sum(1, keepdim=True) / weights.sum(1, keepdim=True).clamp(min=1)
    return (factors * (scores - centre)).sum(1)
