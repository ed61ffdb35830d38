"""Masks of the symbols, cut once from the DejaVu fonts that matplotlib ships, at a few sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

FACES = tuple(
    f"DejaVu{family}{style}.ttf"
    for family, slant in (("Sans", "Oblique"), ("SansMono", "Oblique"), ("Serif", "Italic"))
    for style in ("", "-Bold", f"-{slant}", f"-Bold{slant}")
)
_PIXELS = 96
"""The font size at which glyphs are cut at first; those too small for the largest mask are cut again, larger."""
_LARGEST = 160
"""The longer side of the largest mask kept; larger symbols are drawn from it, somewhat smoothed."""
STEP = 1.35
"""The ratio of neighbouring mask sizes: a mask is never drawn more than this much smaller than it is."""


class GlyphMasks:
    """The distinct looks of each glyph over the faces that have it.

    Args:
        glyphs: code points. A face without the glyph is left out, never its missing-glyph box drawn.
        sizes: for each level, the pixels of a mask's longer side, rising.

    Attributes:
        levels: for each size s, masks ``looks s+2 s+2``, uint8, in the middle of a frame with an empty rim.
        extents: width and height of each look's mask at longer side 1: ``looks 2``.
        first: the first look of each glyph; ``count``: how many it has.
    """

    def __init__(self, glyphs: Sequence[int], sizes: Sequence[int]) -> None:
        looks = [_looks(point, sizes[-1]) for point in glyphs]
        self.count = np.array([len(of_glyph) for of_glyph in looks])
        self.first = np.cumsum(self.count) - self.count
        flat = [look for of_glyph in looks for look in of_glyph]
        self.sizes = np.array(sizes)
        self.extents = np.array([look.size for look in flat]) / np.array([max(look.size) for look in flat])[:, None]
        self.levels = [np.stack([framed(look, size) for look in flat]) for size in sizes]


def mask_sizes(smallest: float, largest: float) -> tuple[int, ...]:
    """The longer sides at which masks are kept so as to draw any size from smallest to largest, in pixels."""
    sizes = [min(_LARGEST, int(np.ceil(smallest * STEP)))]
    while sizes[-1] < min(largest, _LARGEST):
        sizes.append(int(np.ceil(sizes[-1] * STEP)))
    return tuple(sizes)


def framed(look: Image.Image, size: int) -> NDArray[np.uint8]:
    """A mask scaled to a longer side of ``size``, in the middle of a frame with an empty rim of a pixel."""
    scale = size / max(look.size)
    width, height = (max(1, round(side * scale)) for side in look.size)
    frame = Image.new("L", (size + 2, size + 2))
    frame.paste(look.resize((width, height), Image.Resampling.BOX), ((size + 2 - width) // 2, (size + 2 - height) // 2))
    return np.asarray(frame)


def _looks(point: int, side: int) -> list[Image.Image]:
    """The distinct masks of a code point, their longer sides at least ``side``."""
    found: dict[tuple[tuple[int, int], bytes], tuple[ImageFont.FreeTypeFont, Image.Image]] = {}
    for font, points in _fonts():
        if point in points:
            look = _cut(font, point)
            found.setdefault((look.size, look.tobytes()), (font, look))
    return [_enlarged(font, point, look, side) for font, look in found.values()]


def _enlarged(font: ImageFont.FreeTypeFont, point: int, look: Image.Image, side: int) -> Image.Image:
    if max(look.size) >= side:
        return look
    return _cut(font.font_variant(size=math.ceil(1.1 * _PIXELS * side / max(look.size))), point)


def _cut(font: ImageFont.FreeTypeFont, point: int) -> Image.Image:
    """The mask of a code point, cut to its ink."""
    mask = font.getmask(chr(point), "L")
    image = Image.frombytes("L", mask.size, bytes(mask))
    return image.crop(image.getbbox())


@cache
def _fonts() -> tuple[tuple[ImageFont.FreeTypeFont, frozenset[int]], ...]:
    """Each face, and the code points that it has."""
    import matplotlib
    from matplotlib.ft2font import FT2Font

    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    paths = [str(folder / face) for face in FACES]
    basic = ImageFont.Layout.BASIC
    return tuple(
        (ImageFont.truetype(path, _PIXELS, layout_engine=basic), frozenset(FT2Font(path).get_charmap()))
        for path in paths
    )
