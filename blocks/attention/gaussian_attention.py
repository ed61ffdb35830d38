"""Spatial attention that looks at the middle."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import block
from compose.blocks.attention.fixed_attention import fixed_attention
from compose.blocks.attention.spatial_attention import SpatiallyAttended


@block
class GaussianAttention(nn.Module):
    """Look at the middle of every map, where photographers put things: what spatial attention is compared with.

    Reference: STANet (AAAI 2019), section 5.1, table 2.

    Deviates: the text gives the bell no width; a quarter of the map is ours.

    Args:
        sigma: standard deviation of the bell, as a share of the map's height and width.
    """

    def __init__(self, *, sigma: Annotated[float, Field(gt=0)] = 0.25) -> None:
        super().__init__()
        self.sigma = sigma

    def forward(
        self,
        state: Float[Tensor, "e q k"],
        support: Float[Tensor, "e s c h w"],
        query: Float[Tensor, "e q c h w"],
    ) -> SpatiallyAttended:
        """Average over the places, those in the middle more.

        Args:
            state: what is known of each query picture, ``e q k``; it changes nothing here.
            support: maps of the support pictures, ``e s c h w``.
            query: maps of the query pictures, ``e q c h w``.

        Returns:
            The same as spatial attention: features ``e q c`` and ``e q s c``, attention ``e q h w`` and
            ``e q s h w``.
        """
        rows, columns = (_bell(size, self.sigma, query) for size in query.shape[-2:])
        return fixed_attention(torch.outer(rows, columns), support, query)


def _bell(size: int, sigma: float, like: Tensor) -> Float[Tensor, " n"]:
    """A Gaussian at the centres of this many equal parts of a side of length 1, around its middle; sums to 1."""
    centres = (torch.arange(size, device=like.device, dtype=like.dtype) + 0.5) / size - 0.5
    return (-(centres / sigma).square() / 2).softmax(dim=0)
