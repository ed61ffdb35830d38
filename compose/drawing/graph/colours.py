"""The colour of each sort of box."""

from __future__ import annotations

from dataclasses import dataclass

from compose.drawing.graph.diagram import Role


@dataclass(frozen=True)
class Colour:
    """The colours of a box: its ground, its border, its name."""

    fill: str
    line: str
    text: str


COLOURS: dict[Role, Colour] = {
    "input": Colour("#e6f0fb", "#3d7cc9", "#17406f"),
    "node": Colour("#f7f7f8", "#8a919c", "#20242b"),
    "scores": Colour("#e4f5e9", "#3c9a5f", "#155a30"),
    "loss": Colour("#fdeee0", "#d5823a", "#7c3f0c"),
}
