"""A comparison in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING

from compose.evaluation.comparison.comparison import Comparison
from compose.evaluation.comparison.shown_block import BOLD, STAR, ShownBlock, ShownCell, legend, remarks, shown_blocks

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

TEXT_WIDTH = 160
GAP, EDGES = 3, 2
LABEL = 48
"""The width at which the name of a model goes on in the next line."""


def table(comparison: Comparison, *, width: int = TEXT_WIDTH, starred: bool = True) -> Group:
    """The comparison for a rich console; a block that is too wide goes on below itself.

    Args:
        comparison: what is shown.
        width: columns of the console.
        starred: whether the best have a star behind them, for a console that shows nothing bold.
    """
    from rich.console import Group
    from rich.text import Text

    from compose.terminal import plain_text

    parts: list[Table | Text] = []
    for block in shown_blocks(comparison):
        if block.title:
            parts.append(Text.assemble(plain_text(block.title), style="bold"))
        parts += [_table(block, start, end, starred=starred) for start, end in _portions(block, width)]
    below = [plain_text(f"- {line}") for line in remarks(comparison)]
    return Group(*parts, *below, Text(legend(comparison, best=STAR if starred else BOLD), style="dim"))


def text(comparison: Comparison, *, width: int = TEXT_WIDTH) -> str:
    """The same as plain text."""
    from compose.terminal import Terminal

    written = StringIO()
    Terminal(file=written, width=width).print(table(comparison, width=width))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def _portions(block: ShownBlock, width: int) -> Iterator[tuple[int, int]]:
    """The columns that fit beside one another, as the first one and the one behind the last."""
    label = EDGES + min(LABEL, max(len(line.label) for line in block.lines))
    start, used = 0, label
    for column, head in enumerate(block.heads):
        needed = GAP + 1 + max(len(text) for text in (*_head(head), *(line.cells[column].text for line in block.lines)))
        if used + needed > width and column > start:
            yield start, column
            start, used = column, label
        used += needed
    yield start, len(block.heads)


def _table(block: ShownBlock, start: int, end: int, *, starred: bool) -> Table:
    from rich import box
    from rich.table import Table

    from compose.terminal import plain_text

    label = min(LABEL, max(len(line.label) for line in block.lines))
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    below = max(len(_head(head)) for head in block.heads[start:end])
    shown.add_column("\n" * (below - 1) + "model", min_width=label, max_width=LABEL, overflow="fold")
    for head in block.heads[start:end]:
        lines = _head(head)
        above = [""] * (below - len(lines))
        shown.add_column(plain_text("\n".join([*above, *lines])), justify="right", no_wrap=True)
    for line in block.lines:
        cells = [_cell(cell, starred=starred) for cell in line.cells[start:end]]
        shown.add_row(plain_text(line.label), *cells, style="" if line.model else "dim")
    return shown


def _head(head: tuple[str, str]) -> list[str]:
    """The lines over a column: the task, and each word of the metric."""
    return [head[0], *head[1].split(" ")]


def _cell(cell: ShownCell, *, starred: bool) -> Text:
    from rich.text import Text

    return Text(f"{cell.text}*" if cell.best and starred else cell.text, style="bold" if cell.best else "")
