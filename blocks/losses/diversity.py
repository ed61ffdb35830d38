"""The diversity loss of LESA."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Diversity(nn.Module):
    """Let an image's attentions look at different places.

    The cosine of the energies of two attentions, summed over all ordered pairs of different ones; the mean over the
    images. Energies, because behind a saturated softmax there is no gradient. An attention whose energies are all 0
    has no direction: its cosines are 0, without a gradient.

    Reference: LESA (CVPR 2020), section 4.2, eq. 7.

    Deviates: the text sums over the images; here it is the mean, so that the loss, and its weight against others, do
    not grow with the batch.

    Args:
        form: ``sum`` of the cosines, as in the text, or ``norm``: the root of the sum of their squares over the batch,
            as in the released code, for which opposite energies are no better than orthogonal ones are.
    """

    def __init__(self, *, form: Literal["sum", "norm"] = "sum") -> None:
        super().__init__()
        self.form = form

    def forward(self, energies: Float[Tensor, "b m h w"]) -> Float[Tensor, ""]:
        """Measure the overlap.

        Args:
            energies: the attentions before their softmax, ``b m h w``.

        Returns:
            The loss, a scalar.
        """
        unit = _unit(full_precision(energies).flatten(2))
        cosines = unit @ unit.mT  # b m m
        pairs = cosines - torch.diag_embed(cosines.diagonal(dim1=1, dim2=2))
        return pairs.sum((1, 2)).mean() if self.form == "sum" else torch.linalg.vector_norm(pairs)  # eq. 7


def _unit(vectors: Float[Tensor, "b m r"]) -> Float[Tensor, "b m r"]:
    """The vectors at length 1; a vector of length 0 stays as it is, and its gradient is 0."""
    squares = vectors.square().sum(-1, keepdim=True)
    lengths = torch.where(squares > 0, squares, 1).sqrt()  # never the root of 0, whose slope is infinite
    return torch.where(squares > 0, vectors / lengths, 0)
