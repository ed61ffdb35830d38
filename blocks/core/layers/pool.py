"""Pooling of a map's places."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import BlockError, block
from compose.blocks.core.any_rank import with_leading
from compose.blocks.core.pattern.map_size import check_pool, pair
from compose.blocks.core.pattern.side import shape_text
from compose.blocks.core.values import Padding, Places

PoolKind = Literal["mean", "max"]


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
        kind: PoolKind = "mean",
        window: Places | None = None,
        stride: Places | None = None,
        padding: Padding = 0,
        size: Places | None = None,
    ) -> None:
        super().__init__()
        check_pool(window, stride, padding, size)
        self.window, self.padding = pair(window or 0), pair(padding)
        self.layer = _to_size(kind, pair(size)) if size is not None else _by_windows(kind, window, stride, padding)

    def forward(self, maps: Float[Tensor, "*n h w"]) -> Float[Tensor, "*n y x"]:
        """Pool.

        Args:
            maps: the map, ``... h w``.

        Returns:
            A smaller one, ``... y x``.
        """
        sides = zip(maps.shape[-2:], self.window, self.padding, strict=True)
        if any(side + 2 * beside < window for side, window, beside in sides):
            message = f"a window of {shape_text(self.window)} does not fit a map of {shape_text(maps.shape[-2:])}"
            raise BlockError(message, parameter="window")
        return with_leading(self.layer, maps, own=3) if maps.ndim > 2 else self.layer(maps[None])[0]


def _to_size(kind: PoolKind, size: tuple[int, int]) -> nn.Module:
    return nn.AdaptiveAvgPool2d(size) if kind == "mean" else nn.AdaptiveMaxPool2d(size)


def _by_windows(kind: PoolKind, window: Places | None, stride: Places | None, padding: Padding) -> nn.Module:
    assert window is not None, "checked"
    return nn.AvgPool2d(window, stride, padding) if kind == "mean" else nn.MaxPool2d(window, stride, padding)
