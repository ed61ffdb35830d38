"""Which model a printed row is of, and where the order of models is another than that of the paper's rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from compose.errors import listed
from compose.evaluation.comparison.columns import Column
from compose.evaluation.comparison.comparison import ReachedValue, Row
from compose.evaluation.comparison.printed_figures import PrintedFigure
from compose.evaluation.comparison.seeded_runs import SeededRuns

WHOLE = ("full", "all")
"""Rows of a paper's own tables that are the whole model."""


def is_printed(model: SeededRuns, figure: PrintedFigure) -> bool:
    """Whether a row of a paper's table is of a model: it bears the spec's name, or in the spec's own paper that of the
    variants, of which ``table2-rank`` is the row ``rank`` of table 2.

    Args:
        model: the runs of a spec.
        figure: a figure of the row.
    """
    if any("=" in change for change in model.changes):
        return False
    if not model.changes:
        return figure.row == model.name or (figure.paper == model.name and figure.row in WHOLE)
    variants = "-".join(model.changes)
    of_table = re.sub(rf"^{figure.table.replace(' ', '')}-", "", variants)
    return figure.paper == model.name and figure.row in (variants, of_table, f"{model.name}-{variants}")


def other_orders(
    rows: Sequence[Row],
    columns: Sequence[Column],
    cells: Mapping[tuple[int, int], ReachedValue],
    printed: Mapping[tuple[int, int], float],
    shown: Collection[int],
) -> Iterator[str]:
    """The pairs of models that stand the other way round in a paper's table, a line for each column.

    Args:
        rows: the models.
        columns: the metrics.
        cells: (row, column) -> what is reached.
        printed: (row of a model, column of printed figures) -> what its paper prints of it.
        shown: the columns that are shown.
    """
    for at in dict.fromkeys(column for _, column in printed if column in shown):
        of_paper = {row: value for (row, column), value in printed.items() if column == at}
        for ours, column in enumerate(columns):
            if ours not in shown or column.printed or (column.task, column.metric) != _metric(columns[at]):
                continue
            there = [row for row in sorted(of_paper) if (row, ours) in cells]
            count = len(there) * (len(there) - 1) // 2
            pairs = list(_swapped(rows, cells, of_paper, there, ours))
            counted = f"{len(pairs)} of {count} {'pairs stand' if count > 1 else 'pair stands'}"
            told = f"{column.name}: {counted} the other way round than {columns[at].source or 'printed'}"
            if count:
                yield f"{told}{': ' if pairs else ''}{listed(pairs, most=6, between='; ')}"


def _metric(column: Column) -> tuple[str, str]:
    return column.task, column.metric


def _swapped(
    rows: Sequence[Row],
    cells: Mapping[tuple[int, int], ReachedValue],
    printed: Mapping[int, float],
    there: Sequence[int],
    column: int,
) -> Iterator[str]:
    """The pairs of a column that are printed the other way round, the better here first."""
    for one, other in combinations(there, 2):
        better, worse = sorted((one, other), key=lambda row: -cells[row, column].value)
        if cells[better, column].value > cells[worse, column].value and printed[better] < printed[worse]:
            told = " (within their intervals)" if _overlap(cells[better, column], cells[worse, column]) else ""
            yield f"{rows[better].label} above {rows[worse].label}{told}"


def _overlap(one: ReachedValue, other: ReachedValue) -> bool:
    """Whether the intervals of two means meet; of one seed there is none."""
    if one.half is None or other.half is None:
        return False
    return abs(one.value - other.value) <= one.half + other.half
