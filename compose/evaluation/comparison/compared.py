"""From runs to a comparison: what shares a row, what shares a column, and what is told of the rest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from compose.errors import UsageError, listed, nearest
from compose.evaluation.comparison.blocks import blocks
from compose.evaluation.comparison.columns import Column, OwnProtocol
from compose.evaluation.comparison.comparison import Block, Comparison, ReachedValue, Row
from compose.evaluation.comparison.comparison_cells import ComparisonCells, PrintedChoice
from compose.evaluation.comparison.comparison_notes import left_out, of_one_seed, of_versions, printed_apart
from compose.evaluation.comparison.measured_run import MeasuredRun
from compose.evaluation.comparison.protocol_marks import marked, protocol_lines
from compose.evaluation.comparison.row_orders import other_orders
from compose.evaluation.comparison.seeded_runs import grouped

Arrange: TypeAlias = Callable[[Sequence[Column], Mapping[tuple[int, int], ReachedValue]], list[Block]]
"""Columns and cells -> the blocks in which they are shown."""


def compared(
    runs: Iterable[MeasuredRun],
    *,
    metrics: Collection[str] = (),
    printed: PrintedChoice = "own",
    papers: Mapping[str, Mapping[str, Any]] | None = None,
    skipped: Iterable[str] = (),
) -> Comparison:
    """Put runs beside one another, whatever order they come in.

    Args:
        runs: at least one, each once.
        metrics: which columns: a metric (``map``), a task (``zsl``), or both (``zsl/map``); all where none is named.
        printed: which printed figures stand beside them: of rows that bear the name of a compared model (``own``), of
            every row of the compared specs (``all``), or ``none``.
        papers: ``paper.figures`` of other specs by their names, whose protocols the compared specs' figures refer to.
        skipped: what could not be compared, and why.

    Raises:
        UsageError: no column has one of the metrics.
    """
    rows, notes = grouped(runs)
    notes += of_versions(rows)
    making = ComparisonCells(rows, papers or {})
    making.add_runs()
    left = making.add_printed(printed)
    kept = asked_columns(making.columns, metrics)

    def by_value(columns: Sequence[Column], cells: Mapping[tuple[int, int], ReachedValue]) -> list[Block]:
        return blocks(making.rows, columns, cells)

    return finished(making, kept, [*notes, *making.notes, *left_out(left)], skipped, arrange=by_value)


def asked_columns(columns: Sequence[Column], metrics: Collection[str]) -> set[int]:
    """The columns that are asked for.

    Args:
        columns: all of them.
        metrics: as for :func:`compared`.

    Raises:
        UsageError: there are columns of ours, and one of the metrics is in none.
    """
    has_own = any(not column.printed for column in columns)
    for metric in metrics if has_own else ():
        if not any(column.is_asked([metric]) for column in columns):
            known = dict.fromkeys(f"{column.task}/{column.metric}" for column in columns if not column.printed)
            every = [*known, *dict.fromkeys(column.metric for column in columns if not column.printed)]
            close = nearest(metric, every)
            hint = f"did you mean `{close}`? " if close else ""
            raise UsageError(f"no result has the metric `{metric}`; {hint}expected one of {listed(every, most=30)}")
    return {number for number, column in enumerate(columns) if not metrics or column.is_asked(metrics)}


def finished(
    making: ComparisonCells,
    kept: set[int],
    notes: Sequence[str],
    skipped: Iterable[str],
    *,
    arrange: Arrange,
    together: bool = False,
) -> Comparison:
    """The comparison, with what is told below it.

    Args:
        making: rows, columns and cells.
        kept: the columns that are shown.
        notes: what was told of runs and figures.
        skipped: what could not be compared, and why.
        arrange: columns and cells -> the blocks in which they are shown.
        together: whether a block holds results of several protocols, so that each task's are numbered.
    """
    cells = {place: cell for place, cell in making.cells.items() if place[1] in kept}
    found = arrange(making.columns, cells)
    groups = [group for block in found for group in (_by_protocol(making, block) if together else [block.columns])]
    shown = marked([[making.columns[number] for number in group] for group in groups])
    marked_columns = {
        number: column
        for group, of_group in zip(groups, shown, strict=True)
        for number, column in zip(group, of_group, strict=True)
    }
    columns = [marked_columns.get(number, column) for number, column in enumerate(making.columns)]
    rows = list(making.rows)
    for index, block in enumerate(found):
        added = _baselines(making.baselines, block.columns)
        for row, reached in added:
            cells |= {(len(rows), column): cell for column, cell in reached.items()}
            rows.append(row)
        found[index] = replace(block, rows=(*block.rows, *range(len(rows) - len(added), len(rows))))
    lines, told = protocol_lines(list(marked_columns.values()))
    told += printed_apart(list(marked_columns.values()))
    told += other_orders(making.rows, columns, cells, making.printed, marked_columns)
    told += of_one_seed(rows, found)
    return Comparison(
        tuple(rows), tuple(columns), cells, tuple(found), lines, (*told, *dict.fromkeys(notes)), tuple(skipped)
    )


def _by_protocol(making: ComparisonCells, block: Block) -> list[list[int]]:
    """The columns of a block with the first protocol of their task, with the second, and so on."""
    known: dict[str, list[str]] = defaultdict(list)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in block.columns:
        column = making.columns[number]
        if isinstance(column.protocol, OwnProtocol):
            identity = column.protocol.identity(places=False)
            if identity not in known[column.task]:
                known[column.task].append(identity)
            groups[known[column.task].index(identity)].append(number)
        else:
            groups[0].append(number)
    return [groups[place] for place in sorted(groups)]


def _baselines(
    reached: Mapping[tuple[str, int], Sequence[float]], columns: Sequence[int]
) -> list[tuple[Row, dict[int, ReachedValue]]]:
    """The rows of chance and of the class prior, where they are known."""
    found = []
    for row in (Row("chance", "chance"), Row("class prior", "prior")):
        values = {column: reached.get((row.kind, column), ()) for column in columns}
        cells = {column: _baseline(several) for column, several in values.items() if several}
        found += [(row, cells)] if cells else []
    return found


def _baseline(values: Sequence[float]) -> ReachedValue:
    mean = math.fsum(values) / len(values)
    low, high = min(values), max(values)
    return ReachedValue(mean, spread=(low, high) if f"{low:.1f}" != f"{high:.1f}" else None)
