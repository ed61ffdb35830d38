"""Drawings of characters: each is turned, slanted, stretched, bent and moved in its own way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from jaxtyping import Float32, Int64, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, max_pool2d

from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import GlyphMasks

_LARGEST = 160
"""The longer side of the largest masks kept; larger characters are drawn from them, somewhat smoothed."""
_BATCH = 1024
_ANGLES = 256
"""Rotations are multiples of 1/256 of their range, so that sines come from a table: exact whatever the batch."""
_KNOTS = 4
"""Bends are given at 4 × 4 places of a picture and smooth between them."""
_ROOM = 1.1
"""A distorted character needs somewhat more than its size."""


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


@dataclass(frozen=True)
class Hand:
    """How differently characters are drawn.

    Args:
        size: the side of the pictures in pixels.
        scale: the least and the greatest length of a character's longer side, as a share of the picture's.
        rotation: how far it is turned to either side at most, in degrees.
        slant: how far it is sheared to either side at most: 1 is 45 degrees.
        stretch: how much wider or narrower than high it becomes at most, as a share.
        bend: how far parts of it are moved at most, as a share of the picture's side.
        stroke: how much thinner or thicker its strokes become at most; 1 is a thirtieth of its size on either side.
    """

    size: int
    scale: tuple[float, float]
    rotation: float
    slant: float
    stretch: float
    bend: float
    stroke: float

    def draw(self, characters: NDArray[np.int64], strokes: CharacterStrokes, dice: Dice) -> Float32[Tensor, "b 1 h w"]:
        """Ink in [0, 1], for rows of ``strokes`` and as many streams of random numbers."""
        looks = strokes.choose(characters, dice.uniform(1)[:, 0])
        weight = _float(self.stroke * _signed(dice.uniform(1)[:, 0]))
        share = self.scale[0] + (self.scale[1] - self.scale[0]) * dice.uniform(1)
        frame = (strokes.side + 2) / strokes.side  # the masks' frames have a rim
        to_mask = _float(self._affine(dice) / (share * frame)[:, :, None])  # b 2 2
        centre = _float(_signed(dice.uniform(2)) * np.maximum(0, 1 - _ROOM * share))
        bends = _float(2 * self.bend * _signed(dice.uniform(2, _KNOTS, _KNOTS)))
        place = interpolate(bends, (self.size, self.size), mode="bicubic", align_corners=True)  # b 2 h w
        place += _axes(self.size) - centre[:, :, None, None]
        x, y = place.unbind(1)
        grid = torch.stack([row[0] * x + row[1] * y for row in to_mask.permute(1, 2, 0)[..., None, None]], -1)
        drawn = grid_sample(strokes.sums(looks), grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        return strokes.cut(drawn, weight)

    def _affine(self, dice: Dice) -> NDArray[np.float64]:
        """From places in the picture to places in the upright character: ``b 2 2``."""
        turn = _turns(self.rotation)[dice.integers(_ANGLES, 1)[:, 0]]  # b 2
        cos, sin = turn[:, 0], turn[:, 1]
        slant, stretch = (_signed(dice.uniform(2)) * (self.slant, self.stretch)).T
        across, down = 1 + np.maximum(0, -stretch), 1 + np.maximum(0, stretch)  # it only ever shrinks
        rows = [[across * (cos + slant * sin), across * (slant * cos - sin)], [down * sin, down * cos]]
        return np.moveaxis(np.array(rows), -1, 0)


@cache
def _turns(rotation: float) -> NDArray[np.float64]:
    angles = np.deg2rad(np.linspace(-rotation, rotation, _ANGLES))
    return np.stack([np.cos(angles), np.sin(angles)], 1)


@cache
def _axes(size: int) -> Float32[Tensor, "2 h w"]:
    """x and y of each pixel's middle, from -1 to 1 over the picture."""
    axis = (torch.arange(size) + 0.5) * 2 / size - 1
    return torch.stack([axis.expand(size, size), axis[:, None].expand(size, size)])


def _signed(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """From [0, 1) to [-1, 1)."""
    return 2 * chance - 1


def _float(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))
