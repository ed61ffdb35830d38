"""A table of a paper rebuilt: its rows in its order, what our runs reach in each, and beside it what it prints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from compose.evaluation.comparison.columns import Column, printed_column
from compose.evaluation.comparison.compared import asked_columns, finished
from compose.evaluation.comparison.comparison import Block, Comparison, TablePage
from compose.evaluation.comparison.comparison_cells import ComparisonCells
from compose.evaluation.comparison.comparison_notes import of_versions
from compose.evaluation.comparison.measured_run import MeasuredRun
from compose.evaluation.comparison.printed_figures import PrintedFigure
from compose.evaluation.comparison.seeded_runs import SeededRuns, newest_of_seeds


@dataclass(frozen=True)
class TableLine:
    """A row of a table.

    Args:
        label: what the paper calls it.
        runs: ours, all of one spec; none where it was not run.
        printed: the figures of its row in the paper.
    """

    label: str
    runs: tuple[MeasuredRun, ...] = ()
    printed: tuple[PrintedFigure, ...] = ()


def tabled(
    lines: Sequence[TableLine],
    *,
    page: TablePage,
    metrics: Collection[str] = (),
    notes: Iterable[str] = (),
    skipped: Iterable[str] = (),
) -> Comparison:
    """Put the rows of a table beside one another. Printed figures have columns of their own, beside ours.

    Args:
        lines: the rows.
        page: what the table is.
        metrics: which columns, as for :func:`~compose.evaluation.comparison.compared.compared`.
        notes: what else is to be told.
        skipped: what could not be compared, and why.

    Raises:
        UsageError: there are results, and no column has one of the metrics.
    """
    kept = [newest_of_seeds(line.runs) for line in lines]
    models = [SeededRuns(line.label, tuple(runs)) for line, (runs, _) in zip(lines, kept, strict=True)]
    making = ComparisonCells(models, {})
    making.add_runs()
    titles = {column.metric: column.title for column in making.columns}
    several = len({figure.data for line in lines for figure in line.printed}) > 1
    for row, line in enumerate(lines):
        for figure in line.printed:
            column = printed_column(figure, titles)
            source = ", ".join(filter(None, ["paper", figure.data if several else ""]))
            making.add_beside(row, replace(column, title=f"{column.title} ({source})"), figure)
    told = [*notes, *(note for _, of_row in kept for note in of_row), *of_versions(models), *making.notes]
    shown, asked = asked_columns(making.columns, metrics), list(metrics)

    def one_block(columns: Sequence[Column], cells: Collection[tuple[int, int]]) -> list[Block]:
        there = [number for number in _in_order(columns, asked) if any(column == number for _, column in cells)]
        return [Block(page.heading, tuple(range(len(lines))), tuple(there))]

    return replace(finished(making, shown, told, skipped, arrange=one_block, together=True), page=page)


def _in_order(columns: Sequence[Column], metrics: Sequence[str]) -> list[int]:
    """The columns task by task; ours of a metric first, then what is printed of it.

    Args:
        columns: as they were found.
        metrics: those that are asked for, whose order counts; that of our runs where there are none.
    """
    keys = [_asked_at(column, metrics) for column in columns]
    ranked = sorted(zip(keys, columns, strict=True), key=lambda one: one[0])
    tasks = list(dict.fromkeys(column.task for _, column in ranked))
    kinds = list(dict.fromkeys(column.metric for column in columns))
    places = [
        (tasks.index(column.task), key, kinds.index(column.metric), column.printed, number)
        for number, (key, column) in enumerate(zip(keys, columns, strict=True))
    ]
    return [number for *_, number in sorted(places)]


def _asked_at(column: Column, metrics: Sequence[str]) -> int:
    """The place of the first of some metrics that names a column."""
    return next((place for place, metric in enumerate(metrics) if column.is_asked([metric])), len(metrics))
