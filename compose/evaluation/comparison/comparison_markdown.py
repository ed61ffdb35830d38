"""A comparison in Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from compose.evaluation.comparison.comparison import Comparison
from compose.evaluation.comparison.shown_block import ShownBlock, ShownCell, legend, remarks, shown_blocks
from compose.shown import markdown_text


def markdown(comparison: Comparison) -> str:
    """A table for each block, then the protocols and the notes as a list."""
    below = "\n".join(f"- {markdown_text(line)}" for line in remarks(comparison))
    return "\n\n".join([*map(_table, shown_blocks(comparison)), below, legend(comparison)]) + "\n"


def _table(block: ShownBlock) -> str:
    heads = ["model", *(" ".join(filter(None, head)) for head in block.heads)]
    lines = [_row(map(markdown_text, heads)), _row(["---", *["---:"] * len(block.heads)])]
    lines += [_row([markdown_text(line.label), *map(_cell, line.cells)]) for line in block.lines]
    title = [f"{markdown_text(block.title)}\n"] if block.title else []
    return "\n".join([*title, *lines])


def _cell(cell: ShownCell) -> str:
    return f"**{cell.text}**" if cell.best else cell.text


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
