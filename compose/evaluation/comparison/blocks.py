"""The tables of a comparison: rows and columns that hang together by their values, each best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compose.evaluation.comparison.columns import Column
from compose.evaluation.comparison.comparison import Block, ReachedValue, Row


def blocks(
    rows: Sequence[Row], columns: Sequence[Column], cells: Mapping[tuple[int, int], ReachedValue]
) -> list[Block]:
    """Rows that share columns, directly or by other rows, form a block; ours come before those that are printed.

    Args:
        rows: the models.
        columns: the metrics.
        cells: (row, column) -> what is reached.
    """
    parts: list[tuple[set[int], set[int]]] = []
    for row, column in cells:
        joined = [part for part in parts if row in part[0] or column in part[1]]
        parts = [part for part in parts if part not in joined]
        parts.append(({row}.union(*(part[0] for part in joined)), {column}.union(*(part[1] for part in joined))))
    made = [_block(rows, columns, cells, *part) for part in parts]
    return sorted(made, key=lambda block: (bool(block.title), -len(block.rows), min(block.columns)))


def _block(
    rows: Sequence[Row],
    columns: Sequence[Column],
    cells: Mapping[tuple[int, int], ReachedValue],
    of_rows: set[int],
    of_columns: set[int],
) -> Block:
    shown = tuple(sorted(of_columns, key=lambda number: (_first(columns, number), number)))
    ranked = sorted(of_rows, key=lambda row: (*(_rank(cells.get((row, number))) for number in shown), rows[row].label))
    return Block(_title(columns[shown[0]]), tuple(ranked), shown)


def _first(columns: Sequence[Column], number: int) -> int:
    """The columns of a task stand together."""
    return next(index for index, column in enumerate(columns) if column.task == columns[number].task)


def _rank(cell: ReachedValue | None) -> float:
    return -cell.value if cell else 1.0


def _title(column: Column) -> str:
    return f"{column.source[:1].upper()}{column.source[1:]}"
