"""Pooling of a map's places."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, block
from compose.blocks.core.any_rank import with_leading
from compose.blocks.core.pattern.map_size import check_pool, pair
from compose.blocks.core.pattern.side import shape_text
from compose.blocks.core.values import Padding, Places


@block(check=check_pool)
class Pool(nn.Module):
    """Pool the places of a map by windows, or to a height and width.

    One vector for each image is ``reduce: "b c h w -> b c"``.

    Example:
        {kind: max, window: 3, stride: 2, padding: 1}

    Args:
        kind: ``mean`` or ``max`` of the places.
        window: height and width of a window.
        stride: how far apart windows are; by default as far as they are large.
        padding: places around the map; they count as nothing for ``max``, as zeros for ``mean``.
        size: instead of windows, the height and width of the result, whatever the map's.
    """

    def __init__(
        self,
        *,
        kind: Literal["mean", "max"] = "mean",
        window: Places | None = None,
        stride: Places | None = None,
        padding: Padding = 0,
        size: Places | None = None,
    ) -> None:
        super().__init__()
        check_pool(window, stride, padding, size)
        self.kind, self.window, self.padding = kind, window and pair(window), pair(padding)
        self.stride, self.size = pair(stride) if stride else self.window, size and pair(size)

    def forward(self, maps: Float[Tensor, "*n h w"]) -> Float[Tensor, "*n y x"]:
        """Pool.

        Args:
            maps: the map, ``... h w``.

        Returns:
            A smaller one, ``... y x``.
        """
        if self.window and any(
            m + 2 * p < w for m, p, w in zip(maps.shape[-2:], self.padding, self.window, strict=True)
        ):
            shown, window = shape_text(maps.shape[-2:]), shape_text(self.window)
            raise BlockError(f"a window of {window} does not fit a map of {shown}", parameter="window")
        return with_leading(self._pooled, maps, own=3) if maps.ndim > 2 else self._pooled(maps[None])[0]

    def _pooled(self, maps: Tensor) -> Tensor:
        if self.size:
            to_size = F.adaptive_avg_pool2d if self.kind == "mean" else F.adaptive_max_pool2d
            found: Tensor = to_size(maps, self.size)
            return found
        by_window = F.avg_pool2d if self.kind == "mean" else F.max_pool2d
        found = by_window(maps, self.window, self.stride, self.padding)
        return found
