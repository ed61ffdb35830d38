"""The distribution loss of LESA."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Distribution(nn.Module):
    """Keep all attentions in use: the sum of squares of how many present labels each of them wins.

    A softmax over an image's attentions shares each present label out among them, ℓ_m is what an attention gets.

    Reference: LESA (CVPR 2020), section 4.2, eq. 10-11.

    Deviates: the text sums ℓ_m over the images; here it is the mean over a batch's images, so that the loss, and its
    weight against others, do not grow with the batch.

    Args:
        over: ``batch`` squares what an attention gets of the whole batch; ``image``, as in the released code, what it
            gets of each image, and takes the mean over attentions and images.
    """

    def __init__(self, *, over: Literal["batch", "image"] = "batch") -> None:
        super().__init__()
        self.over = over

    def forward(self, modules: Float[Tensor, "b m l"], targets: Int8[Tensor, "b l"]) -> Float[Tensor, ""]:
        """Count.

        Args:
            modules: the score of each attention for each label, ``b m l``.
            targets: 1 = present, -1 = absent, 0 = unknown, ``b l``; only present labels count.

        Returns:
            The loss, a scalar.
        """
        shares = full_precision(modules).softmax(dim=1)
        won = (shares * (targets > 0).unsqueeze(1)).sum(2)  # b m
        return won.mean(0).square().sum() if self.over == "batch" else won.square().mean()  # eq. 10
