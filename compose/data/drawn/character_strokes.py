"""Masks of characters from which strokes of any weight can be drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import max_pool2d

from compose.data.drawn.glyph_masks import GlyphMasks

_LARGEST = 160
"""The longer side of the largest masks kept; larger characters are drawn from them, somewhat smoothed."""
_BATCH = 1024


class CharacterStrokes:
    """The distinct looks of characters over DejaVu's faces, in thin to thick strokes.

    A look is kept as the sum of its mask and of the mask thinned and thickened by 1 to ``reach`` pixels. Cut off at a
    height, the sum is a mask again: the lower, the thicker the strokes, and no stroke is ever lost.

    Args:
        points: code points.
        pixels: the longer side at which characters are drawn at most.
    """

    def __init__(self, points: Sequence[int], pixels: float) -> None:
        self.side = min(_LARGEST, int(np.ceil(pixels)))
        self.reach = max(1, round(self.side / 32))
        masks = GlyphMasks(points, (self.side,))
        self._first, self._count = masks.first, masks.count
        level = torch.from_numpy(masks.levels[0])
        self._sums = torch.cat([_sums(part, self.reach) for part in torch.split(level, _BATCH)])

    def choose(self, characters: NDArray[np.int64], chance: NDArray[np.float64]) -> Int64[np.ndarray, " b"]:
        """One of each character's looks, by numbers in [0, 1)."""
        looks: NDArray[np.int64] = self._first[characters] + (self._count[characters] * chance).astype(np.int64)
        return looks

    def sums(self, looks: NDArray[np.int64]) -> Float32[Tensor, "b 1 s s"]:
        """Sums of masks, from 0 to 2 reach + 1, in a frame with a rim of a pixel around ``side``."""
        return self._sums[torch.from_numpy(looks), None].float().mul_((2 * self.reach + 1) / 255)

    def cut(self, sums: Float32[Tensor, "b 1 h w"], weight: Float32[Tensor, " b"]) -> Float32[Tensor, "b 1 h w"]:
        """The ink, in [0, 1]; a weight of -1 is thinnest, 0 as the face has it, 1 thickest. Changes ``sums``."""
        return sums.add_(((weight - 1) * self.reach)[:, None, None, None]).clamp_(0, 1)


def _sums(masks: UInt8[Tensor, "n s s"], reach: int) -> UInt8[Tensor, "n s s"]:
    thick = masks[:, None].float().div_(255)
    thin, total = 1 - thick, thick.clone()  # thinning ink is thickening paper
    for _ in range(reach):
        thick, thin = max_pool2d(thick, 3, 1, 1), max_pool2d(thin, 3, 1, 1)
        total += thick + (1 - thin)
    return total.mul_(255 / (2 * reach + 1)).round_()[:, 0].to(torch.uint8)
