"""RankNet over the labels of an image, as the (ML)²P-Encoder uses it."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.losses.pairs import pairwise_softplus


@loss(name="ranknet")
class RankNet(nn.Module):
    """Rank an image's present labels above its absent ones.

    For every image log(1 + exp(s⁻ - s⁺)), averaged over all pairs of an absent and a present label and weighted by the
    image's difficulty ω; the mean over the images. An image without a present or without an absent label adds nothing,
    and unknown labels are in no pair. Memory grows with images · present labels · labels at most.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.4, eq. 8-10.

    Args:
        difficulty: ``variance`` weights an image by one plus the variance of its present labels' vectors, since labels
            that mean different things are harder to find in one picture; ``none`` weights all images alike.
    """

    def __init__(self, *, difficulty: Literal["variance", "none"] = "variance") -> None:
        super().__init__()
        self.difficulty = difficulty

    def forward(
        self,
        scores: Float[Tensor, "b l"],
        targets: Int8[Tensor, "b l"],
        labels_vectors: Float[Tensor, "l d"],
    ) -> Float[Tensor, ""]:
        """Compare the scores of present and absent labels.

        Args:
            scores: scores of the labels, ``b l``.
            targets: 1 = present, -1 = absent, 0 = unknown, ``b l``.
            labels_vectors: vectors of the labels, ``l d``; they only set the difficulty and get no gradient.

        Returns:
            The loss, a scalar.
        """
        rank = pairwise_softplus(scores, targets)  # b, eq. 9
        if self.difficulty == "variance":
            rank = rank * (1 + _spread(targets, labels_vectors.detach()))  # eq. 10
        return rank.mean()


def _spread(targets: Int8[Tensor, "b l"], vectors: Float[Tensor, "l d"]) -> Float[Tensor, " b"]:
    """Summed over the components, the unbiased variance of the vectors of each image's present labels."""
    present = targets.gt(0).to(vectors.dtype)
    count = present.sum(1)
    total = present @ vectors  # b d
    squares = present @ vectors.square().sum(1)  # b
    deviations = squares - total.square().sum(1) / count.clamp(min=1)
    return deviations.clamp(min=0) / (count - 1).clamp(min=1)
