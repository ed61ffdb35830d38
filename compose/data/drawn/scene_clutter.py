"""What lies about in a glyph scene and shows no label: strokes, curls and specks, near the background's colour."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import framed
from compose.data.drawn.scene_layout import Stamps, turns

_KINDS = 64
_PIXELS = 128


class ClutterLayout:
    """Strews scribbles over a scene, also across its borders.

    Args:
        size: the picture's side in pixels.
        clutter: the greatest number of scribbles.
    """

    def __init__(self, *, size: int, clutter: int) -> None:
        self.size, self.clutter = size, clutter
        self.masks = scribbles(max(16, size // 2))
        self.turns = turns(180)

    def draw(self, dice: Dice, ground: NDArray[np.float64]) -> Stamps:
        """The scribbles of a batch of scenes whose backgrounds are as light as ``ground``: ``b``."""
        present = np.arange(self.clutter) < dice.integers(self.clutter + 1, 1)
        mask = dice.integers(_KINDS, self.clutter)
        turn = self.turns[dice.integers(len(self.turns), self.clutter)]
        pixels = self.size * (0.2 + 0.5 * dice.uniform(self.clutter))
        centre = self.size * dice.uniform(self.clutter, 2)
        light = ground[:, None] + 0.5 * (dice.uniform(self.clutter) - 0.5)
        colour = 0.1 + 0.8 * light[..., None] + 0.3 * (dice.uniform(self.clutter, 3) - 0.5)
        return Stamps.of(present, mask=mask, pixels=pixels, turn=turn, centre=centre, colour=colour)


@cache
def scribbles(size: int) -> NDArray[np.uint8]:
    """A fixed set of masks ``kinds size+2 size+2``: a third strokes, a third curls, a third specks."""
    dice = Dice((0x5C81B,), range(_KINDS))
    points = dice.uniform(12, 2) * _PIXELS
    width = 3 + dice.uniform(1)[:, 0] * 6
    draw = (_stroke, _curl, _specks)
    return np.stack([framed(draw[kind % 3](points[kind], width[kind]), size) for kind in range(_KINDS)])


def _stroke(points: NDArray[np.float64], width: float) -> Image.Image:
    image, pen = _sheet()
    pen.line([tuple(points[0]), tuple(points[1])], fill=255, width=round(width))
    return image


def _curl(points: NDArray[np.float64], width: float) -> Image.Image:
    """A cubic Bézier curve."""
    image, pen = _sheet()
    t = np.linspace(0, 1, 24)[:, None]
    curve = (
        (1 - t) ** 3 * points[0] + 3 * t * (1 - t) ** 2 * points[1] + 3 * t**2 * (1 - t) * points[2] + t**3 * points[3]
    )
    pen.line([tuple(point) for point in curve], fill=255, width=round(width), joint="curve")
    return image


def _specks(points: NDArray[np.float64], width: float) -> Image.Image:
    image, pen = _sheet()
    for x, y in points:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return image


def _sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", (_PIXELS, _PIXELS))
    return image, ImageDraw.Draw(image)
