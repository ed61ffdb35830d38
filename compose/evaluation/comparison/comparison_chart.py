"""A picture of a comparison: for each column a panel, in it a dot for each model with its interval."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from compose.drawing.lettering import shorten
from compose.drawing.palette import DIM, FAINT, INK, MODULES
from compose.evaluation.comparison.shown_block import row_name
from compose.shown import printable_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from compose.evaluation.comparison.comparison import Block, Comparison

PANEL, LINE, HEAD, NAMES = 2.6, 0.26, 0.9, 2.9
"""The width of a panel, the height of a row, what stands over and under the rows, and the room for names, in inches."""
MOST = 4
"""Panels beside one another."""
TEXT, LONGEST = 8.5, 190.0
"""The size of text, and the length at which names are shortened, in points."""
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "text.parse_math": False,
    "text.color": DIM,
    "svg.fonttype": "none",
    "svg.hashsalt": "compose",
}


def comparison_chart(comparison: Comparison) -> str:
    """The picture as the text of an SVG file; the same comparison gives the same text.

    A ring is a printed figure, or a model of one seed: neither has an interval. A broken line is chance.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    panels = [(block, column) for block in comparison.blocks for column in block.columns]
    across = min(MOST, max(1, len(panels)))
    down = max(1, math.ceil(len(panels) / across))
    rows = max((len(_shown(comparison, block)) for block in comparison.blocks), default=1)
    file = io.StringIO()
    with rc_context(STYLE):
        figure = Figure((across * (PANEL + NAMES), down * (rows * LINE + HEAD)), layout="constrained")
        for axes in (places := figure.subplots(down, across, squeeze=False).ravel()):
            axes.set_visible(False)
        for axes, (block, column) in zip(places, panels, strict=False):
            _draw(axes, comparison, block, column)
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _shown(comparison: Comparison, block: Block) -> list[int]:
    """The models of a block."""
    return [row for row in block.rows if comparison.rows[row].kind in ("run", "printed")]


def _draw(axes: Axes, comparison: Comparison, block: Block, column: int) -> None:
    rows = [row for row in _shown(comparison, block) if (row, column) in comparison.cells]
    axes.set_visible(True)
    for place, row in enumerate(rows):
        cell = comparison.cells[row, column]
        is_ours = comparison.rows[row].kind == "run" and not comparison.columns[column].printed
        colour = MODULES[0] if is_ours else MODULES[3]
        face = "white" if cell.half is None else colour
        axes.errorbar(
            [cell.value], [place], xerr=[cell.half or 0.0], fmt="o", ms=5, lw=1.5, capsize=3, color=colour, mfc=face,
        )  # fmt: skip
    for row in block.rows:
        if comparison.rows[row].kind == "chance" and (row, column) in comparison.cells:
            axes.axvline(comparison.cells[row, column].value, color=DIM, lw=1, ls="--")
    names = [shorten(row_name(comparison, row), LONGEST, TEXT) for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.set(ylim=(len(rows) - 0.5, -0.5))
    title = "\n".join(filter(None, [comparison.columns[column].name, block.title]))
    axes.set_title(printable_lines(title), fontsize=TEXT + 1, color=INK, fontweight="bold", loc="left")
    axes.tick_params(length=0, labelcolor=INK)
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
