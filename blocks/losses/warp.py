"""The weighted approximate rank pairwise loss of WSABIE."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int8, Int64
from pydantic import Field
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision
from compose.blocks.losses.zero_sum import zero_sum


class _Violations(NamedTuple):
    """What stands above the present labels of an image that should not.

    Attributes:
        above: how many absent labels come closer to a label than the margin, or lie above it, ``b l``.
        order: the absent labels from the highest to the lowest, then all others, ``b l``.
    """

    above: Int64[Tensor, "b l"]
    order: Int64[Tensor, "b l"]


@loss(name="warp")
class Warp(nn.Module):
    """Rank an image's present labels above its absent ones, and count the top of the ranking most.

    For each present label absent ones are drawn until one violates the margin. That pair adds max(0, margin + s⁻ - s⁺)
    times 1 + 1/2 + ... + 1/k, where k is the label's rank, estimated from the number of trials N as ⌊(l - 1) / N⌋ for
    l known labels: a label with few violations is found late, and counts little. The sum over the present labels, and
    the mean over the images; unknown labels are in no pair. Nothing is tried label by label: N is drawn from its
    geometric distribution, and then one of the violating labels, in l log l steps for each image.

    In evaluation nothing is drawn, and the rank is exact.

    Reference: WSABIE (IJCAI 2011), algorithm 1; Deep Convolutional Ranking for Multilabel Image Annotation (2013).

    Deviates: the mean over a batch's images instead of a step after each single pair.

    Args:
        margin: how far a present label's score shall lie above an absent one's.
        rank: ``estimated`` from trials, as above; ``exact`` counts the k violating labels, and takes the mean of their
            hinges instead of one: the objective that the trials are to approximate.
    """

    def __init__(
        self, *, margin: Annotated[float, Field(ge=0)] = 1.0, rank: Literal["estimated", "exact"] = "estimated"
    ) -> None:
        super().__init__()
        self.margin = margin
        self.estimated = rank == "estimated"

    def forward(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]) -> Float[Tensor, ""]:
        """Compare the scores of present and absent labels.

        Args:
            scores: scores of the labels, ``b l``.
            targets: 1 = present, -1 = absent, 0 = unknown, ``b l``.

        Returns:
            The loss, a scalar.
        """
        scores = full_precision(scores)
        present, absent = targets > 0, targets < 0
        lifted = torch.where(absent, scores + self.margin, scores)  # a pair violates the margin where lifted⁻ > lifted⁺
        violations = _violations(lifted.detach(), present, absent)
        if self.estimated and self.training:
            return _sampled(lifted, violations, present, absent).sum(1).mean()
        return zero_sum(_slopes(lifted.detach(), violations.above, present, absent), lifted).mean()


def _violations(lifted: Float[Tensor, "b l"], present: Bool[Tensor, "b l"], absent: Bool[Tensor, "b l"]) -> _Violations:
    # negative, what lies higher lies lower; the same numbers in both sides of the comparison, for ties
    ranked, order = torch.where(absent, -lifted, torch.inf).sort(dim=1, stable=True)
    return _Violations(torch.searchsorted(ranked, -lifted.contiguous()) * present, order)


def _sampled(
    lifted: Float[Tensor, "b l"], violations: _Violations, present: Bool[Tensor, "b l"], absent: Bool[Tensor, "b l"]
) -> Float[Tensor, "b l"]:
    """What each present label adds by one violating label, and the rank that the number of trials tells."""
    count, order = violations
    known = (present | absent).sum(1, keepdim=True)
    chance = count.to(lifted.dtype) / absent.sum(1, keepdim=True).clamp(min=1)  # that a trial finds a violating label
    tried, picked = torch.rand(2, *count.shape, dtype=lifted.dtype, device=lifted.device)
    found = count > 0
    # P(N > t) = (1 - chance)ᵗ; where none is found, any number will do
    trials = torch.where(found, (1 - tried).log() / torch.log1p(-chance), 0).floor() + 1
    rank = ((known - 1) / trials).floor().long()  # 0 where more than l - 1 trials were needed
    violating = order.gather(1, torch.minimum((picked * count).long(), (count - 1).clamp(min=0)))
    return _harmonic(lifted)[rank] * found * (lifted.gather(1, violating) - lifted)


def _slopes(
    lifted: Float[Tensor, "b l"], count: Int64[Tensor, "b l"], present: Bool[Tensor, "b l"], absent: Bool[Tensor, "b l"]
) -> Float[Tensor, "b l"]:
    """How much a label's score counts when each pair that violates the margin weighs L(k) / k."""
    total = _harmonic(lifted)[count]  # L(k): b l
    ranked, order = torch.where(present, lifted, torch.inf).sort(dim=1)
    share = (total / count.clamp(min=1)).gather(1, order)
    below = torch.searchsorted(ranked, lifted.contiguous())  # present labels that an absent one violates
    sums = nn.functional.pad(share.cumsum(1), (1, 0)).gather(1, below)
    return sums * absent - total * present


def _harmonic(like: Float[Tensor, "b l"]) -> Float[Tensor, " k"]:
    """L(k) = 1 + 1/2 + ... + 1/k for k from 0 to l."""
    numbers = torch.arange(1, like.shape[1] + 1, dtype=like.dtype, device=like.device)
    return nn.functional.pad(numbers.reciprocal().cumsum(0), (1, 0))
