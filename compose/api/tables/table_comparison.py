"""A table rebuilt from the runs of some folders, as :func:`compose.compare` shows it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from compose.api.measuring import measured_runs
from compose.api.run_record import RunRecord
from compose.api.same_spec import otherwise
from compose.api.tables.printed_rows import printed_rows, source_of
from compose.api.tables.runs_by_spec import RunsBySpec
from compose.api.tables.table_grid import TableGrid, TrainedRow
from compose.errors import listed
from compose.evaluation.comparison.comparison import Comparison, TablePage
from compose.evaluation.comparison.comparison_cells import PrintedChoice
from compose.evaluation.comparison.paper_table import TableLine, tabled

MOST = 20
"""How many rows a note names."""


def compare_table(
    grid: TableGrid, folders: Sequence[Path], *, metrics: Collection[str] = (), printed: PrintedChoice = "own"
) -> Comparison:
    """The rows of a table in its order, each with its runs, whatever their folders are called.

    Args:
        grid: the table.
        folders: runs, and folders of runs.
        metrics: which columns; those of the table where none is named.
        printed: ``none`` leaves out what the paper prints; the rows of a table are its own.

    Raises:
        SpecErrors: a row's spec has a mistake.
        UsageError: there are results, and no column has one of the metrics.
    """
    there = RunsBySpec.in_folders(folders)
    records = {row.label: there.of(grid.specs[row.label]) for row in grid.trained}
    runs, skipped = measured_runs({one.folder: one for found in records.values() for one in found}.values())
    figures = printed_rows(grid.table) if printed != "none" else {}
    lines = [
        TableLine(
            row.label,
            tuple(runs[one.folder] for one in records.get(row.label, ()) if one.folder in runs),
            tuple(figures.get(str(row.row.printed.value), ()) if row.row.printed else ()),
        )
        for row in grid.rows
    ]
    return tabled(
        lines,
        page=_page(grid),
        metrics=metrics or grid.table.metrics,
        notes=[*_not_run(grid, lines), *_left_out(grid)],
        skipped=[*skipped, *_others(grid, records, folders)],
    )


def _page(grid: TableGrid) -> TablePage:
    table = grid.table
    commands = {row.label: grid.command(row) for row in grid.rows}
    return TablePage(table.title, source_of(table), table.file, table.needs, commands)


def _not_run(grid: TableGrid, lines: Sequence[TableLine]) -> Iterator[str]:
    trained = {row.label for row in grid.trained}
    missing = [line.label for line in lines if line.label in trained and not line.runs]
    if missing:
        needs = f"; the table needs {grid.table.needs}" if grid.table.needs else ""
        yield f"not run: {listed(missing, most=MOST)}{needs}"


def _left_out(grid: TableGrid) -> Iterator[str]:
    yield from (f"{row.label} is left out: {row.row.left_out}" for row in grid.rows if row.row.left_out)


def _others(grid: TableGrid, records: Mapping[str, Sequence[RunRecord]], folders: Sequence[Path]) -> Iterator[str]:
    """Runs that bear the name of a row that has none, and are of another spec."""
    for row in grid.trained:
        if not records[row.label]:
            yield from _of_other_spec(grid, row, folders)


def _of_other_spec(grid: TableGrid, row: TrainedRow, folders: Sequence[Path]) -> Iterator[str]:
    spec = grid.specs[row.label]
    name = row.runs(spec, [0], Path())[0].name.removesuffix("-0")
    for folder in folders:
        for path in sorted(folder.glob(f"{name}-*")):
            if re.fullmatch(rf"{re.escape(name)}-\d+", path.name) and (path / "spec.lock.yaml").is_file():
                what = otherwise(path, spec, RunRecord(path).seed)
                yield f"{path} is left out: it is not of the row {row.label}, from which it differs in {what}"
