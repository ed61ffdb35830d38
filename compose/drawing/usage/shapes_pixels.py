"""Shapes as pixels, for those who cannot show an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from compose.drawing.lettering import font, text_length
from compose.drawing.palette import GROUND
from compose.drawing.usage.shapes import PERIOD, STRIPE, Rectangle, Shape, Text, Texture, pale


def to_image(shapes: Sequence[Shape], size: tuple[float, float], *, scale: float = 2) -> Image.Image:
    """The shapes in pixels, ``scale`` of them to a unit."""
    image = Image.new("RGB", (math.ceil(size[0] * scale), math.ceil(size[1] * scale)), GROUND)
    for shape in shapes:
        if isinstance(shape, Rectangle):
            _fill(image, shape, scale)
        else:
            _write(image, shape, scale)
    return image


def _fill(image: Image.Image, shape: Rectangle, scale: float) -> None:
    left, top = round(shape.x * scale), round(shape.y * scale)
    right, bottom = round((shape.x + shape.width) * scale), round((shape.y + shape.height) * scale)
    area = (left, top, max(right, left + 1), max(bottom, top + (shape.height > 0)))
    image.paste(shape.fill, area)
    if shape.texture != "plain" and area[3] > area[1]:
        image.paste(pale(shape.fill), area, _stripes(shape.texture, area, scale))


def _stripes(texture: Texture, area: tuple[int, int, int, int], scale: float) -> Image.Image:
    """Where the stripes are in a part of the picture; all parts continue the same stripes."""
    left, top, right, bottom = area
    x, y = np.arange(left, right), np.arange(top, bottom)[:, None]
    across = (x + y if texture == "rising" else x - y) % (PERIOD * scale)
    return Image.fromarray(np.where(across < STRIPE * scale, 255, 0).astype(np.uint8))


def _write(image: Image.Image, shape: Text, scale: float) -> None:
    size = shape.size * scale
    place = {"start": "lm", "middle": "mm", "end": "rm"}[shape.anchor]
    at = (shape.x * scale, shape.y * scale)
    if not shape.degrees:
        ImageDraw.Draw(image).text(at, shape.text, fill=shape.fill, font=font(size, bold=shape.bold), anchor=place)
        return
    reach = math.ceil(text_length(shape.text, size, bold=shape.bold) + size)
    mask = Image.new("L", (2 * reach, 2 * reach))
    ImageDraw.Draw(mask).text((reach, reach), shape.text, fill=255, font=font(size, bold=shape.bold), anchor=place)
    turned = mask.rotate(shape.degrees, Image.Resampling.BICUBIC)
    image.paste(shape.fill, (round(at[0]) - reach, round(at[1]) - reach), turned)
