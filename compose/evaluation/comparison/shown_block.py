"""A block of a comparison as lines of cells, which every form of table writes in its own way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose.evaluation.comparison.printed_value import count_text, time_text
from compose.shown import printable

if TYPE_CHECKING:
    from compose.evaluation.comparison.columns import Column
    from compose.evaluation.comparison.comparison import Block, Comparison

BOLD, STAR = "Bold", "A star"
NOTE = "In percent. {best}: the best of a column."
OF_SEEDS = " ± is half the 95% interval of the mean over seeds (Student's t)."
BASELINES = " Chance is a random score; the class prior scores a label by how frequent it is."


@dataclass(frozen=True)
class ShownCell:
    """A text, and whether it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Line:
    """A row as it is shown.

    Args:
        label: what it is called.
        cells: one for each column of the block behind the first.
        model: whether it is a model's, and not chance's.
    """

    label: str
    cells: tuple[ShownCell, ...]
    model: bool


@dataclass(frozen=True)
class ShownBlock:
    """A block.

    Args:
        title: stands over it; "" for none.
        heads: the two lines over each column behind that of the models.
        lines: the rows.
    """

    title: str
    heads: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


def shown_blocks(comparison: Comparison) -> Iterator[ShownBlock]:
    """Every block of a comparison."""
    for block in comparison.blocks:
        yield _shown(comparison, block)


def legend(comparison: Comparison, *, best: str = BOLD) -> str:
    """What the numbers are.

    Args:
        comparison: what is shown.
        best: what tells the best of a column.
    """
    has_halves = any(cell.half is not None for cell in comparison.cells.values())
    has_baselines = any(row.kind in ("chance", "prior") for row in comparison.rows)
    return NOTE.format(best=best) + (OF_SEEDS if has_halves else "") + (BASELINES if has_baselines else "")


def remarks(comparison: Comparison) -> list[str]:
    """What stands below the tables, a line each: the protocols, then the notes."""
    lines = [*(f"{name}: {line}" for name, line in comparison.protocols.items()), *comparison.notes]
    return list(map(printable, lines))


def _shown(comparison: Comparison, block: Block) -> ShownBlock:
    of_runs = any(comparison.rows[row].kind == "run" for row in block.rows)
    heads = tuple(_head(comparison.columns[column]) for column in block.columns)
    costs = (("", "parameters"), ("", "time"), ("", "seeds")) if of_runs else ()
    lines = tuple(_line(comparison, block, row, costs=of_runs) for row in block.rows)
    return ShownBlock(printable(block.title), (*heads, *costs), lines)


def _head(column: Column) -> tuple[str, str]:
    task, title = column.head
    return printable(task), printable(title)


def _line(comparison: Comparison, block: Block, number: int, *, costs: bool) -> Line:
    row, best = comparison.rows[number], comparison.best(block)
    places = [(number, column) for column in block.columns]
    cells = [
        ShownCell(comparison.cells[place].text, place in best) if place in comparison.cells else ShownCell("")
        for place in places
    ]
    if costs and row.kind == "run":
        shown = (count_text(row.parameters), time_text(row.seconds), str(len(row.seeds)))
        cells += [ShownCell(text) for text in shown]
    elif costs:
        cells += [ShownCell("")] * 3
    return Line(row_name(comparison, number), tuple(cells), row.kind in ("run", "printed"))


def row_name(comparison: Comparison, number: int) -> str:
    """What a row is called; of one that is printed, where."""
    row = comparison.rows[number]
    printed = f" (printed in {', '.join([row.paper, *comparison.tables(number)])})" if row.kind == "printed" else ""
    return printable(f"{row.label}{printed}")
