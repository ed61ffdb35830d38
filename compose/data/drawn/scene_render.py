"""From a layout to pixels: every mask of a batch is turned, scaled and placed by one resampling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from compose.data.counter_random import Dice
from compose.data.drawn.scene_layout import Stamps
from compose.data.normalisation import Normalisation


def coverage(
    stamps: Stamps, levels: Sequence[NDArray[np.uint8]], *, scenes: int, slots: int, size: int
) -> Float[Tensor, "k b 1 h w"]:
    """How far each slot's mask covers each pixel, in [0, 1]; 0 where a slot is empty.

    Args:
        stamps: what is drawn where.
        levels: the masks at rising sizes, ``masks s+2 s+2``; each is drawn from the smallest that is large enough.
        scenes: scenes in the batch.
        slots: slots in a scene.
        size: the picture's side in pixels.
    """
    out = torch.zeros(slots, scenes, 1, size, size)
    sides = np.array([level.shape[-1] - 2 for level in levels])
    level_of = np.minimum(np.searchsorted(sides, stamps.pixels), len(sides) - 1)
    for number, level in enumerate(levels):
        rows = np.flatnonzero(level_of == number)
        if len(rows):
            masks = torch.from_numpy(level[stamps.mask[rows]]).float().div_(255)
            grid = _grid(stamps, rows, side=sides[number], size=size)
            drawn = grid_sample(masks[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
            out[torch.from_numpy(stamps.slot[rows]), torch.from_numpy(stamps.scene[rows])] = drawn
    return out


def _grid(stamps: Stamps, rows: NDArray[np.int64], *, side: int, size: int) -> Float[Tensor, "n h w 2"]:
    """Where each pixel of the picture falls on the mask, in grid_sample's coordinates."""
    zoom = 2 * side / ((side + 2) * stamps.pixels[rows])  # from a pixel to the mask's frame, which spans -1 to 1
    cos, sin = stamps.turn[rows, 0] * zoom, stamps.turn[rows, 1] * zoom
    axis = np.arange(size) + 0.5
    dx, dy = axis - stamps.centre[rows, :1], axis - stamps.centre[rows, 1:]  # n w, n h
    grid = torch.empty(len(rows), size, size, 2)
    for i, (along_x, along_y) in enumerate(((cos, sin), (-sin, cos))):
        x = torch.from_numpy((along_x[:, None] * dx).astype(np.float32))
        y = torch.from_numpy((along_y[:, None] * dy).astype(np.float32))
        torch.add(x[:, None, :], y[:, :, None], out=grid[..., i])
    return grid


def paint(
    canvas: Float[Tensor, "b 3 h w"], stamps: Stamps, covered: Float[Tensor, "k b 1 h w"], scale: Normalisation
) -> None:
    """Draw stamps over a normalised canvas, slot by slot, in place."""
    colours = torch.zeros(*covered.shape[:2], 3)
    drawn = scale.colours(torch.from_numpy(stamps.colour).float())
    colours[torch.from_numpy(stamps.slot), torch.from_numpy(stamps.scene)] = drawn
    for colour, mask in zip(colours, covered, strict=True):
        canvas.lerp_(colour[:, :, None, None], mask)


@cache
def _grain(length: int) -> Tensor:
    """A strip of noise with deviation 1, from which each picture takes a stretch."""
    u = Dice((0x6EA1,), range(length)).uniform(4)
    return torch.from_numpy(((u.sum(-1) - 2) * 3**0.5).astype(np.float32))


BACKDROP = 11
"""Random numbers that a background is drawn with."""


def backdrop(
    dice: Dice, ground: NDArray[np.float64], *, size: int, noise: float, scale: Normalisation
) -> Float[Tensor, "b 3 h w"]:
    """A normalised background: a colour as light as ``ground`` that changes over the picture, with noise."""
    scenes, length = len(ground), 3 * size * size
    colour = 0.1 + 0.8 * ground[:, None] + 0.25 * (dice.uniform(3) - 0.5)
    slope = torch.from_numpy((0.3 * (dice.uniform(2, 3) - 0.5)).astype(np.float32))
    spread = torch.from_numpy((noise * dice.uniform(1)).astype(np.float32))
    start = torch.from_numpy(dice.integers(length))
    strip = _grain(2 * length).as_strided((length, length), (1, 1))
    std = torch.tensor(scale.std)
    axis = torch.linspace(-0.5, 0.5, size)
    plane = scale.colours(torch.from_numpy(colour).float())[:, :, None, None] + (
        (slope[:, 0] / std)[:, :, None, None] * axis + (slope[:, 1] / std)[:, :, None, None] * axis[:, None]
    )
    return plane.addcmul_(strip[start].view(scenes, 3, size, size), (spread / std)[:, :, None, None])
