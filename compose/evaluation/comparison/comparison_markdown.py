"""A comparison in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from compose.evaluation.comparison.comparison import Comparison, TablePage
from compose.evaluation.comparison.shown_block import ShownBlock, ShownCell, legend, remarks, shown_blocks
from compose.shown import markdown_text


def markdown(comparison: Comparison) -> str:
    """A table for each block, then the protocols and the notes as a list; a paper's table is a whole page."""
    below = "\n".join(f"- {markdown_text(line)}" for line in remarks(comparison))
    shown = [*map(_table, _untitled(shown_blocks(comparison), comparison.page)), below, legend(comparison)]
    return "\n\n".join([*_head(comparison), *shown, *_commands(comparison.page)]) + "\n"


def _untitled(blocks: Iterable[ShownBlock], page: TablePage | None) -> Iterator[ShownBlock]:
    """The blocks; that of a page has its title as a heading."""
    yield from (replace(block, title="") if page and block.title == page.heading else block for block in blocks)


def _head(comparison: Comparison) -> list[str]:
    page = comparison.page
    if page is None:
        return []
    made = f"Rebuilt by `compose sweep {page.file} --seeds 3`, written by `compose compare {page.file} -o FILE.md`."
    run = " The column of seeds says how much of it was run."
    beside = any("(paper" in column.title for column in comparison.columns)
    printed = " Columns marked (paper) are as printed, on other data, and no results of ours." if beside else ""
    needs = [f"It needs {markdown_text(page.needs)}."] if page.needs else []
    return [f"# {markdown_text(page.heading)}", f"{made}{run}{printed}", *needs]


def _commands(page: TablePage | None) -> list[str]:
    """Each row by itself."""
    if page is None:
        return []
    rows = [_row([markdown_text(label), f"`{command}`"]) for label, command in page.commands.items() if command]
    return ["\n".join([_row(["row", "command"]), _row(["---", "---"]), *rows])]


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
