"""Maps whose vectors all have the same length."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.unit_length import unit_length


@block
class UnitMaps(nn.Module):
    """Scale the vector at each place of a map to the same length, so that inner products compare directions alone.

    Attention then is not drawn to places and pictures of large features, which those of classes never seen may be.

    Args:
        length: of every vector; a vector of zeros stays as it is.
    """

    def __init__(self, *, length: Annotated[float, Field(gt=0)] = 10.0) -> None:
        super().__init__()
        self.length = length

    def forward(self, maps: Float[Tensor, "*n c h w"]) -> Float[Tensor, "*n c h w"]:
        """Scale.

        Args:
            maps: any maps, ``... c h w``.

        Returns:
            The scaled maps, ``... c h w``.
        """
        scaled: Tensor = self.length * unit_length(maps.movedim(-3, -1)).movedim(-1, -3)
        return scaled
