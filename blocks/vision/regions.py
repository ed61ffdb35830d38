"""Semantic vectors of regions: every place of a map in the space of the label vectors."""

from __future__ import annotations

from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block


@block
class Regions(nn.Module):
    """Embed every place of a map in the space of the label vectors, by one 1×1 convolution.

    With ``max_similarity`` behind it a label's score is that of its best region: the plainest model that scores unseen
    labels, a baseline, and a head to train a backbone with.

    Args:
        channels: channels of the map.
        dim: size of a label vector.
    """

    def __init__(self, channels: Dim[int, " c"], dim: Dim[int, " d"]) -> None:
        super().__init__()
        self.embed = nn.Conv2d(channels, dim, kernel_size=1)

    def forward(self, maps: Float[Tensor, "b c h w"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "b r d"]:
        """Embed the places.

        Args:
            maps: the map, ``b c h w``.
            labels_vectors: vectors of the labels, ``l d``; only their size is used.

        Returns:
            One semantic vector for each region r = h·w, ``b r d``.
        """
        embedded: Tensor = self.embed(maps)
        return rearrange(embedded, "b d h w -> b (h w) d")
