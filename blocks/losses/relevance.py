"""The relevance loss of LESA."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Relevance(nn.Module):
    """Make attention worth it: better scores than those of all regions weighted alike.

    Present labels shall score higher than by the mean region, absent ones lower; what is missing is summed over an
    image's known labels. The mean over the images.

    Reference: LESA (CVPR 2020), section 4.2, eq. 8.

    Deviates: the text sums over the images; here it is the mean, so that the loss, and its weight against others, do
    not grow with the batch.

    Args:
        reduction: ``mean`` over the images, or their ``sum``, as in the released code.
    """

    def __init__(self, *, reduction: Literal["mean", "sum"] = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(
        self, scores: Float[Tensor, "b l"], region_scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]
    ) -> Float[Tensor, ""]:
        """Compare scores with those of the mean region.

        Args:
            scores: scores of the labels, ``b l``.
            region_scores: scores of the labels by the mean over all regions, s̄, ``b l``.
            targets: 1 = present, -1 = absent, 0 = unknown (left out), ``b l``.

        Returns:
            The loss, a scalar.
        """
        lost = full_precision(region_scores) - full_precision(scores)
        missing = (lost * targets).relu().sum(1)
        return missing.mean() if self.reduction == "mean" else missing.sum()
