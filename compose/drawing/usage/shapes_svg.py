"""Shapes as the text of an SVG file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from compose.drawing.graph.svg import FONT
from compose.drawing.palette import GROUND
from compose.drawing.usage.shapes import PERIOD, Rectangle, Shape, Text, Texture, pale

TILES = {"rising": "M0 0H2L0 2ZM6 0V2L2 6H0Z", "falling": "M0 0H2L6 4V6ZM0 4L2 6H0Z"}
"""The stripes in a square of a period."""


def to_svg(shapes: Sequence[Shape], size: tuple[float, float], *, title: str) -> str:
    """The text of an SVG file."""
    width, height = map(math.ceil, size)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            *_patterns(shapes),
            f'<rect width="{width}" height="{height}" fill="{GROUND}"/>',
            *(_rect(shape) if isinstance(shape, Rectangle) else _text(shape) for shape in shapes),
            "</svg>",
            "",
        ]
    )


def _patterns(shapes: Sequence[Shape]) -> Iterator[str]:
    """A tile for each striped fill; upright tiles have no seams."""
    striped = [(shape.fill, shape.texture) for shape in shapes if isinstance(shape, Rectangle)]
    for fill, texture in dict.fromkeys(striped):
        if texture != "plain":
            yield (
                f'<pattern id="{_pattern(fill, texture)}" width="{PERIOD}" height="{PERIOD}" '
                f'patternUnits="userSpaceOnUse"><rect width="{PERIOD}" height="{PERIOD}" fill="{fill}"/>'
                f'<path d="{TILES[texture]}" fill="{pale(fill)}"/></pattern>'
            )


def _pattern(fill: str, texture: Texture) -> str:
    return f"{texture}-{fill.lstrip('#')}"


def _rect(shape: Rectangle) -> str:
    paint = shape.fill if shape.texture == "plain" else f"url(#{_pattern(shape.fill, shape.texture)})"
    at = f'x="{shape.x:.2f}" y="{shape.y:.2f}" width="{shape.width:.2f}" height="{shape.height:.2f}" fill="{paint}"'
    return f"<rect {at}><title>{escape(shape.hint)}</title></rect>" if shape.hint else f"<rect {at}/>"


def _text(shape: Text) -> str:
    hint = f"<title>{escape(shape.hint)}</title>" if shape.hint else ""
    turn = f' transform="rotate({-shape.degrees:g} {shape.x:.1f} {shape.y:.1f})"' if shape.degrees else ""
    weight = ' font-weight="600"' if shape.bold else ""
    return (
        f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" dy="0.35em" text-anchor="{shape.anchor}" '
        f'font-size="{shape.size:g}"{weight} fill="{shape.fill}"{turn}>{escape(shape.text)}{hint}</text>'
    )
