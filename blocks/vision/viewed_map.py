"""A map whose memory is read in another order than it was written."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class ViewedMap(nn.Module):
    """Read the entries of a map, which lie channel by channel, as if they lay place by place.

    A missing transpose of the released code: each vector of a "place" holds entries of a few channels, and a mean over
    the places mixes all of them. It is here so that numbers of that code can be computed again.

    Reference: RGCN-PosVAE (BMVC 2020), the authors' code.

    Deviates: the text has the map as it is.
    """

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Read it so.

        Args:
            maps: the map, ``b c h w``.

        Returns:
            A map of the same shape and entries.
        """
        b, c, h, w = maps.shape
        return maps.reshape(b, h * w, c).mT.reshape(b, c, h, w)
