"""Small drawings on pictures: ticks and crosses, badges, boxes with their names; smooth at any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageDraw

from compose.drawing.lettering import font, shorten, text_length
from compose.drawing.palette import RIGHT, WRONG, Tint

FINE = 8
"""Strokes are drawn this many times larger and then reduced, for smooth edges."""
Point = tuple[float, float]
TICK: list[list[Point]] = [[(0.1, 0.55), (0.38, 0.84), (0.9, 0.18)]]
CROSS: list[list[Point]] = [[(0.16, 0.16), (0.84, 0.84)], [(0.16, 0.84), (0.84, 0.16)]]
Mark = Literal["right", "wrong"]
BADGE, TAG = 12.0, 11.0
"""Font sizes."""
PixelBox = tuple[float, float, float, float, str]
"""Left, top, right and bottom in pixels, and what is in it."""


def mark(sheet: Image.Image, kind: Mark, at: tuple[int, int], size: int) -> None:
    """A tick or a cross; they differ in shape and colour."""
    mask = Image.new("L", (size * FINE, size * FINE))
    pen, across = ImageDraw.Draw(mask), size * FINE
    thick = across * 0.17
    for stroke in TICK if kind == "right" else CROSS:
        points = [(x * across, y * across) for x, y in stroke]
        pen.line(points, fill=255, width=round(thick), joint="curve")
        for x, y in (points[0], points[-1]):
            pen.circle((x, y), thick / 2, fill=255)
    sheet.paste(RIGHT if kind == "right" else WRONG, at, mask.resize((size, size), Image.Resampling.BOX))


def badge_size(text: str) -> tuple[int, int]:
    """Width and height of a badge."""
    return round(text_length(text, BADGE)) + 14, 19


def badge(sheet: Image.Image, text: str, tint: Tint, at: tuple[int, int]) -> None:
    """A word in a rounded frame."""
    width, height = badge_size(text)
    large = Image.new("RGBA", (width * FINE, height * FINE), (*_rgb(tint.line), 0))
    frame = (0, 0, width * FINE - 1, height * FINE - 1)
    ImageDraw.Draw(large).rounded_rectangle(frame, 6 * FINE, fill=tint.fill, outline=tint.line, width=round(1.3 * FINE))
    small = large.resize((width, height), Image.Resampling.BOX)
    sheet.paste(small, at, small)
    middle = (at[0] + width / 2, at[1] + height / 2)
    ImageDraw.Draw(sheet).text(middle, text, fill=tint.text, font=font(BADGE), anchor="mm")


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def boxes(picture: Image.Image, found: Sequence[PixelBox], scale: float) -> None:
    """Frames around what is in a picture, white between dark lines, and their names where they hide no other's."""
    pen = ImageDraw.Draw(picture)
    frames = [[round(edge * scale) for edge in box[:4]] for box in found]
    for left, top, right, bottom in frames:
        last, lowest = max(left, right - 1), max(top, bottom - 1)
        pen.rectangle((left - 1, top - 1, last + 1, lowest + 1), outline="#000000", width=4)
        pen.rectangle((left, top, last, lowest), outline="#ffffff", width=2)
    taken: list[tuple[float, float, float, float]] = []
    for frame, box in zip(frames, found, strict=True):
        if box[4].strip():
            taken.append(_tag(picture, frame, box[4], taken))


def _tag(
    picture: Image.Image, frame: Sequence[int], text: str, taken: Sequence[tuple[float, float, float, float]]
) -> tuple[float, float, float, float]:
    """The name of a box above it, below it, or inside, whichever place is first free; where it is."""
    left, top, _, bottom = frame
    short = shorten(text, picture.width - 8, TAG)
    width, height = round(text_length(short, TAG)) + 8, 16
    x = max(0, min(left - 1, picture.width - width))
    lowest = picture.height - height
    places = [(x, y, x + width, y + height) for y in (top - height - 1, bottom + 1, top, bottom - height)]
    free = [place for place in places if 0 <= place[1] <= lowest and not any(_meet(place, other) for other in taken)]
    place = free[0] if free else (x, max(0, min(top, lowest)), x + width, max(0, min(top, lowest)) + height)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((place[0], place[1], place[2] - 1, place[3] - 1), fill="#000000")
    pen.text((place[0] + 4, place[1] + height / 2), short, fill="#ffffff", font=font(TAG), anchor="lm")
    return place


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
