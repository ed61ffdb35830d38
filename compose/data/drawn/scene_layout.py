"""What stands where in a glyph scene: drawn for a batch at once, from each example's own random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import GlyphMasks

_ANGLES = 256
"""Rotations are multiples of 1/256 of their range, so that sines come from a table: exact whatever the batch."""
_TRIES = 12
"""Places that are tried for a symbol; the one that hides least of the others is taken."""


@dataclass(frozen=True)
class Stamps:
    """Masks to be drawn, ``n`` of them over all scenes of a batch.

    Args:
        scene: the scene's place in the batch.
        slot: the order in its scene; later ones cover earlier ones.
        mask: the row of the mask.
        pixels: the mask's longer side as drawn.
        turn: cosine and sine of the rotation: ``n 2``.
        centre: x and y in pixels: ``n 2``.
        colour: red, green and blue in [0, 1]: ``n 3``.
    """

    scene: NDArray[np.int64]
    slot: NDArray[np.int64]
    mask: NDArray[np.int64]
    pixels: NDArray[np.float64]
    turn: NDArray[np.float64]
    centre: NDArray[np.float64]
    colour: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        present: NDArray[np.bool_],
        *,
        mask: NDArray[np.int64],
        pixels: NDArray[np.float64],
        turn: NDArray[np.float64],
        centre: NDArray[np.float64],
        colour: NDArray[np.float64],
    ) -> Stamps:
        """The stamps of those slots ``b k`` that are present, from arrays ``b k …`` of all."""
        scene, slot = np.nonzero(present)
        chosen = mask[present], pixels[present], turn[present], centre[present], colour[present]
        return cls(scene, slot, *chosen)


@dataclass(frozen=True)
class Symbols:
    """The symbols of a batch of scenes, ``k`` places in each.

    Args:
        present: which places are taken: bool ``b k``.
        glyph: the row of each symbol's glyph: ``b k``.
        stamps: how they are drawn.
    """

    present: NDArray[np.bool_]
    glyph: NDArray[np.int64]
    stamps: Stamps


class SymbolLayout:
    """Chooses symbols and lays them out so that none is cut off and few are hidden.

    A scene has n symbols with probability proportional to 1 / n². Leaves are equally likely, then the glyphs of a leaf,
    then the looks of a glyph.

    Args:
        masks: the looks of the glyphs.
        pool: for each leaf that may be drawn the rows of its glyphs.
        size: the picture's side in pixels.
        objects: the least and the greatest number of symbols.
        scale: the least and the greatest length of a symbol's longer side, as a share of the picture's.
        rotation: the greatest turn to either side, in degrees.
    """

    def __init__(
        self,
        masks: GlyphMasks,
        pool: list[tuple[int, ...]],
        *,
        size: int,
        objects: tuple[int, int],
        scale: tuple[float, float],
        rotation: float,
    ) -> None:
        self.masks, self.size, self.objects, self.scale = masks, size, objects, scale
        self.counts = np.array([len(rows) for rows in pool])
        self.rows = np.array([rows + (0,) * (self.counts.max() - len(rows)) for rows in pool])
        self.turns = turns(rotation)
        weights = 1 / np.arange(objects[0], objects[1] + 1) ** 2
        self.at_most = (weights.cumsum() / weights.sum())[:-1]

    def draw(self, dice: Dice, ground: NDArray[np.float64]) -> Symbols:
        """The symbols of a batch.

        Args:
            dice: the examples' random numbers.
            ground: how light the background is: ``b``.
        """
        high = self.objects[1]
        number = self.objects[0] + (dice.uniform(1) >= self.at_most).sum(1, keepdims=True)
        present = np.arange(high) < number
        leaf = dice.integers(len(self.counts), high)
        glyph = self.rows[leaf, dice.integers(self.counts[leaf], high)]
        look = self.masks.first[glyph] + dice.integers(self.masks.count[glyph], high)
        turn = self.turns[dice.integers(_ANGLES, high)]
        pixels, half = self._sizes(dice.uniform(high), number, look, turn)
        centre = self._places(dice.uniform(high, _TRIES, 2), half, present)
        colour = contrasting(dice, ground, high, least=0.35, most=0.65)
        stamps = Stamps.of(present, mask=look, pixels=pixels, turn=turn, centre=centre, colour=colour)
        return Symbols(present, glyph, stamps)

    def _sizes(
        self, u: NDArray[np.float64], number: NDArray[np.int64], look: NDArray[np.int64], turn: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longer sides in pixels ``b k`` and half the width and height of the turned boxes ``b k 2``."""
        low, high = self.scale
        room = np.maximum(low, np.minimum(high, 0.9 / np.ceil(np.sqrt(number))))  # two to four share a 2×2 grid
        pixels = (low + u * (room - low)) * self.size
        cos, sin = np.abs(turn[..., 0]), np.abs(turn[..., 1])
        width, height = self.masks.extents[look, 0] / 2, self.masks.extents[look, 1] / 2
        half = np.stack([width * cos + height * sin, width * sin + height * cos], -1)
        fit = np.minimum(pixels, (self.size - 4) / (2 * half.max(-1)))
        return fit, half * fit[..., None]

    def _places(
        self, u: NDArray[np.float64], half: NDArray[np.float64], present: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Centres ``b k 2``: of a few places inside the picture, the first that hides least of what is there."""
        margin = half + 1.5
        tries = margin[:, :, None] + u * (self.size - 2 * margin[:, :, None])  # b k t 2
        centre = tries[:, :, 0].copy()
        for slot in range(1, u.shape[1]):
            apart = np.abs(tries[:, slot, :, None] - centre[:, None, :slot])  # b t slot 2
            reach = half[:, slot, None, None] + half[:, None, :slot]
            shared = np.maximum(0, reach - apart).prod(-1)
            hidden = (shared * present[:, None, :slot]).sum(-1)
            centre[:, slot] = tries[np.arange(len(u)), slot, hidden.argmin(-1)]
        return centre


def turns(rotation: float) -> NDArray[np.float64]:
    """Cosines and sines of the rotations up to ``rotation`` degrees to either side: ``256 2``."""
    angles = np.linspace(-np.deg2rad(rotation), np.deg2rad(rotation), _ANGLES)
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def contrasting(
    dice: Dice, ground: NDArray[np.float64], count: int, *, least: float, most: float
) -> NDArray[np.float64]:
    """Colours ``b count 3`` whose lightness differs from the ground's ``b`` by at least ``least``, at most ``most``.

    The lightness goes around (0.8 + 0.4 is 0.2), so the colours are as often lighter as darker where ``most`` is
    ``1 - least``.
    """
    step = least + (most - least) * dice.uniform(count)
    light = (ground[:, None] + step) % 1
    return 0.1 + 0.8 * light[..., None] + 0.35 * (dice.uniform(count, 3) - 0.5)
