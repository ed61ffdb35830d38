"""The colours of pictures of predictions: seen and unseen labels, right and wrong answers, modules, text."""

from __future__ import annotations

from dataclasses import dataclass

from compose.drawing.graph.neighbourhood import COLOURS

INK, DIM, FAINT, GROUND = "#20242b", "#59616d", "#d3d7dc", "#ffffff"
RIGHT, WRONG = "#1a7f37", "#cf222e"


@dataclass(frozen=True)
class Tint:
    """The colours of a group of labels: a ground, lines, and text that is legible on white and on the ground."""

    fill: str
    line: str
    text: str


SEEN = Tint("#e6f0fb", COLOURS["seen"], "#17406f")
UNSEEN = Tint("#fdeee0", COLOURS["unseen"], "#a34a05")

MODULES = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#4d535c")
"""Okabe and Ito's colours, which the colour-blind tell apart; grey in the place of black."""
OTHERS = "#c3c8cf"
