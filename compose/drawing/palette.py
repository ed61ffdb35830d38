"""The colours of all that is drawn: boxes of a graph, sorts of labels, right and wrong answers, modules, text."""

from __future__ import annotations

from dataclasses import dataclass

INK, DIM, FAINT, GROUND = "#20242b", "#59616d", "#d3d7dc", "#ffffff"
RIGHT, WRONG = "#1a7f37", "#cf222e"


@dataclass(frozen=True)
class Tint:
    """The colours of a sort of labels: a ground, lines, and text that is legible on white and on the ground."""

    fill: str
    line: str
    text: str


SEEN = Tint("#e6f0fb", "#3d7cc9", "#17406f")
UNSEEN = Tint("#fdeee0", "#d5823a", "#a34a05")
EXTERNAL = Tint("#f7f7f8", "#8a919c", "#20242b")
BOXES = {"input": SEEN, "node": EXTERNAL, "scores": Tint("#e4f5e9", "#3c9a5f", "#155a30"), "loss": UNSEEN}
"""Those of a model's graph, by their role."""

MARKS = {
    "": EXTERNAL,
    "added": Tint("#dff5e5", RIGHT, "#0d4a1f"),
    "gone": Tint("#fde7e9", WRONG, "#86131b"),
    "changed": Tint("#fff2cc", "#b57400", "#6b4500"),
}
"""Those of what became of a part of a graph; what is as it was is grey."""

MODULES = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#f0e442", "#4d535c")
"""Okabe and Ito's colours, which the colour-blind tell apart; grey in the place of black."""
OTHERS = "#c3c8cf"
