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

    Deviates: by its index the variance of eq. 10 is within the i-th label's vector; by default it is across the labels,
    as the released code of SDL has it. The text does not speak of unknown labels, and of images without a pair.

    Args:
        difficulty: ``variance`` weights an image by one plus the variance across its present labels' vectors, summed
            over the components, since labels that mean different things are harder to find in one picture; ``within``
            by one plus the sum over its present labels of the variance within the label's vector, over its components,
            which for vectors of one length counts the labels. Eq. 10 can be read either way. ``none`` weights all
            images alike.
        reduction: ``pairs`` averages over an image's pairs; ``positives`` divides their sum by the number of its
            present labels, so that the loss grows with the number of absent ones, as in the released code of SDL.
        unknown: ``left_out`` leaves unknown labels out; ``absent`` counts them as absent.
    """

    def __init__(
        self,
        *,
        difficulty: Literal["variance", "within", "none"] = "variance",
        reduction: Literal["pairs", "positives"] = "pairs",
        unknown: Literal["left_out", "absent"] = "left_out",
    ) -> None:
        super().__init__()
        self.difficulty = DIFFICULTIES[difficulty]
        self.reduction = reduction
        self.unknown = unknown

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
        if self.unknown == "absent":
            targets = targets.gt(0).to(targets.dtype) * 2 - 1
        rank = pairwise_softplus(scores, targets)  # b, eq. 9
        if self.reduction == "positives":
            rank = rank * targets.lt(0).sum(1)
        return (rank * (1 + self.difficulty(targets, labels_vectors.detach()))).mean()  # eq. 10


def _across(targets: Int8[Tensor, "b l"], vectors: Float[Tensor, "l d"]) -> Float[Tensor, " b"]:
    """Summed over the components, the unbiased variance of the vectors of each image's present labels."""
    present = targets.gt(0).to(vectors.dtype)
    count = present.sum(1)
    total = present @ vectors  # b d
    squares = present @ vectors.square().sum(1)  # b
    deviations = squares - total.square().sum(1) / count.clamp(min=1)
    return deviations.clamp(min=0) / (count - 1).clamp(min=1)


def _within(targets: Int8[Tensor, "b l"], vectors: Float[Tensor, "l d"]) -> Float[Tensor, " b"]:
    """Summed over each image's present labels, the unbiased variance of the components of a label's vector."""
    present = targets.gt(0).to(vectors.dtype)
    return present @ vectors.var(dim=1, correction=min(1, vectors.shape[1] - 1))


def _nothing(targets: Int8[Tensor, "b l"], vectors: Float[Tensor, "l d"]) -> Float[Tensor, " b"]:
    return vectors.new_zeros(targets.shape[0])


DIFFICULTIES = {"variance": _across, "within": _within, "none": _nothing}
"""What eq. 10 adds to one."""
