"""Rectangles and texts, as they are written as SVG and painted as pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Texture = Literal["plain", "rising", "falling"]
PERIOD, STRIPE = 6, 2
"""Distance and width of a texture's stripes, along the horizontal."""


@dataclass(frozen=True)
class Rectangle:
    """A rectangle, plain or with paler stripes; ``hint`` shows where the pointer rests."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    texture: Texture = "plain"
    hint: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text that begins at, is centred at, or ends at a point, turned about it counterclockwise."""

    x: float
    y: float
    text: str
    size: float
    fill: str
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False
    degrees: float = 0
    hint: str = ""


Shape = Rectangle | Text


def pale(fill: str) -> str:
    """The colour of the stripes on a colour: three quarters of the way to white."""
    return "#" + "".join(f"{255 - (255 - int(fill[i : i + 2], 16)) // 4:02x}" for i in (1, 3, 5))
