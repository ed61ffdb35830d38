"""Maps of another height and width."""

from __future__ import annotations

from typing import Annotated, Literal

from jaxtyping import Float, Shaped
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, block
from compose.blocks.core.any_rank import with_leading
from compose.blocks.core.pattern.map_size import check_resize, pair
from compose.blocks.core.pattern.side import shape_text
from compose.blocks.core.values import Places


@block(check=check_resize)
class Resize(nn.Module):
    """Interpolate a map to another height and width: a given one, a multiple of its own, or that of another map.

    Example:
        {scale: 2}

    Args:
        size: height and width of the result.
        scale: instead of it, what height and width are multiplied by.
        mode: how entries between places are found.
    """

    def __init__(
        self,
        *,
        size: Places | None = None,
        scale: Annotated[float, Field(gt=0)] | None = None,
        mode: Literal["nearest", "bilinear", "bicubic", "area"] = "nearest",
    ) -> None:
        super().__init__()
        check_resize(size, scale)
        self.size, self.scale, self.mode = size and pair(size), scale, mode

    def forward(
        self, maps: Float[Tensor, "*n h w"], like: Shaped[Tensor, "*k y x"] | None = None
    ) -> Float[Tensor, "*n y x"]:
        """Interpolate.

        Args:
            maps: the map, ``... h w``.
            like: a map ``... y x`` whose height and width the result has.

        Returns:
            The map in another size, ``... y x``.
        """
        given = [value is not None for value in (self.size, self.scale, like)]
        if sum(given) != 1:
            raise BlockError("expected one of `size`, `scale` and a map at `like`")
        if self.scale is not None and min(maps.shape[-2:]) * self.scale < 1:
            message = f"a map of {shape_text(maps.shape[-2:])} has no place left at {self.scale:g} of its size"
            raise BlockError(message, parameter="scale")
        size = self.size if like is None else like.shape[-2:]

        def resized(x: Tensor) -> Tensor:
            return F.interpolate(x, size=size, scale_factor=self.scale, mode=self.mode)

        return with_leading(resized, maps, own=3) if maps.ndim > 2 else resized(maps[None, None])[0, 0]
