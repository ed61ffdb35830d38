"""The ranking loss of LESA: a hinge over all pairs of an absent and a present label."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Bool, Float, Int8
from pydantic import Field
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision
from compose.blocks.losses.zero_sum import zero_sum


@loss
class MarginRanking(nn.Module):
    """Rank an image's present labels above its absent ones by a margin.

    For every image max(0, margin + s⁻ - s⁺) over all pairs of an absent and a present label; the mean over the images.
    An image without such a pair adds 0, and unknown labels are in none. Exact, although no pair is ever formed: it
    takes a sort of the scores, l log l steps for each image.

    Reference: LESA (CVPR 2020), section 4.2, eq. 13.

    Deviates: the text sums over the pairs and the images; by default an image's sum is divided by the number of its
    pairs that miss the margin, as released, and the images' mean is taken.

    Args:
        margin: how far a present label's score shall lie above an absent one's.
        reduction: ``violations`` divides an image's sum by the number of its pairs that miss the margin, as released;
            ``sum`` takes the sum, as in the text. The number gets no gradient.
    """

    def __init__(
        self, *, margin: Annotated[float, Field(ge=0)] = 1.0, reduction: Literal["violations", "sum"] = "violations"
    ) -> None:
        super().__init__()
        self.margin = margin
        self.reduction = reduction

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
        lifted = torch.where(absent, scores + self.margin, scores)  # a pair misses the margin where lifted⁻ > lifted⁺
        slopes = _slopes(lifted.detach(), present, absent)
        missed = slopes.clamp(min=0).sum(1)
        # Each such pair adds lifted⁻ - lifted⁺: together, every label's score as often as the label is in a pair.
        sums = zero_sum(slopes, lifted)  # eq. 13
        if self.reduction == "violations":
            sums = sums / missed.clamp(min=1)
        return sums.mean()


def _slopes(lifted: Float[Tensor, "b l"], present: Bool[Tensor, "b l"], absent: Bool[Tensor, "b l"]) -> Tensor:
    """In how many pairs that miss the margin a label is: positive for an absent label, negative for a present one."""
    scores = torch.stack([lifted, -lifted])  # negative, the absent labels that lie higher lie lower
    ranked = torch.where(torch.stack([present, absent]), scores, torch.inf).sort(dim=2).values
    present_below, absent_above = torch.searchsorted(ranked, scores).unbind()  # strictly: a margin met is met
    return (present_below * absent - absent_above * present).to(lifted.dtype)
