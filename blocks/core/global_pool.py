"""Pool a map's places away."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class GlobalPool(nn.Module):
    """Make one vector of a map: the mean or the maximum over its places.

    Args:
        kind: ``mean`` or ``max``.
    """

    def __init__(self, *, kind: Literal["mean", "max"] = "mean") -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1) if kind == "mean" else nn.AdaptiveMaxPool2d(1)

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
        """Pool.

        Args:
            maps: the map, ``b c h w``.

        Returns:
            One vector for each image, ``b c``.
        """
        pooled: Tensor = self.pool(maps)
        return pooled.flatten(1)
