"""Spatial attention that looks everywhere alike."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.attention.fixed_attention import fixed_attention
from compose.blocks.attention.spatial_attention import SpatiallyAttended


@block
class UniformAttention(nn.Module):
    """Take as much from each place of a map: what spatial attention is compared with.

    Reference: STANet (AAAI 2019), section 5.1, table 2.
    """

    def forward(
        self,
        state: Float[Tensor, "e q k"],
        support: Float[Tensor, "e s c h w"],
        query: Float[Tensor, "e q c h w"],
    ) -> SpatiallyAttended:
        """Average over the places.

        Args:
            state: what is known of each query picture, ``e q k``; it changes nothing here.
            support: maps of the support pictures, ``e s c h w``.
            query: maps of the query pictures, ``e q c h w``.

        Returns:
            The same as spatial attention: features ``e q c`` and ``e q s c``, attention ``e q h w`` and
            ``e q s h w``.
        """
        height, width = query.shape[-2:]
        return fixed_attention(query.new_ones((height, width)) / (height * width), support, query)
