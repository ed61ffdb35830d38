"""From runs to a comparison: what shares a row, what shares a column, and what is told of the rest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from compose.errors import UsageError, listed, nearest
from compose.evaluation.comparison.blocks import blocks
from compose.evaluation.comparison.columns import Column, OwnProtocol, PrintedProtocol, own_columns, printed_column
from compose.evaluation.comparison.comparison import Block, Comparison, ReachedValue, Row
from compose.evaluation.comparison.measured_run import MeasuredRun
from compose.evaluation.comparison.printed_figures import PrintedFigure, PrintedFigures
from compose.evaluation.comparison.protocol_marks import marked, protocol_lines
from compose.evaluation.comparison.row_orders import is_printed, other_orders
from compose.evaluation.comparison.seeded_runs import SeededRuns, grouped
from compose.evaluation.comparison.student import half_interval

PrintedChoice = Literal["own", "all", "none"]


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
    notes += _of_versions(rows)
    making = _Making(rows, papers or {})
    making.add_runs()
    left = making.add_printed(printed)
    kept = _asked(making.columns, metrics)
    return _finished(making, kept, [*notes, *making.notes, *_left_out(left)], skipped)


class _Making:
    """Fills up row by row."""

    def __init__(self, models: Sequence[SeededRuns], papers: Mapping[str, Mapping[str, Any]]) -> None:
        self.models, self.papers = models, papers
        self.rows: list[Row] = []
        self.columns: list[Column] = []
        self.cells: dict[tuple[int, int], ReachedValue] = {}
        self.printed: dict[tuple[int, int], float] = {}
        self.notes: list[str] = []
        self._numbers: dict[tuple[str, str, str], int] = {}

    def add_runs(self) -> None:
        """The rows of the runs, and with each column what chance and the class prior reach."""
        baselines: dict[tuple[str, int], list[float]] = defaultdict(list)
        for model in self.models:
            number = len(self.rows)
            self.rows.append(_row(model))
            for column, values in self._values(model, baselines).items():
                self.cells[number, column] = ReachedValue(
                    math.fsum(values) / len(values), half_interval(values), tuple(values)
                )
        self.baselines = baselines

    def _values(self, model: SeededRuns, baselines: dict[tuple[str, int], list[float]]) -> dict[int, list[float]]:
        found: dict[int, list[float]] = defaultdict(list)
        for run in model.runs:
            for task in run.result.tasks.values():
                for column in own_columns(task, run.data):
                    value = task.metrics[column.metric]
                    if math.isnan(value):
                        continue
                    number = self._number(column)
                    found[number].append(100 * value)
                    for kind, reached in (("chance", task.chance), ("prior", task.prior)):
                        if not math.isnan(reached.get(column.metric, math.nan)):
                            baselines[kind, number].append(100 * reached[column.metric])
            self.notes += _unmeasured(run)
        return found

    def add_printed(self, printed: PrintedChoice) -> list[PrintedFigure]:
        """The rows of printed figures; returns the figures that are left out."""
        titles = {column.metric: column.title for column in self.columns}
        left, rows = [], dict[tuple[str, str, str], int]()
        for figure in _figures(self.models, self.papers):
            if printed == "none" or (printed == "own" and not _is_own(figure, self.models)):
                left.append(figure)
                continue
            column = self._place(figure, titles)
            self._put(figure, column, rows)
            for number, model in enumerate(self.models):
                if is_printed(model, figure):
                    self.printed.setdefault((number, column), figure.value)
        return left if printed == "own" else []

    def _place(self, figure: PrintedFigure, titles: Mapping[str, str]) -> int:
        """The column of a printed figure: one of ours where the protocols agree, else one of its own."""
        ours = [
            number
            for number, column in enumerate(self.columns)
            if isinstance(column.protocol, OwnProtocol)
            and (column.task, column.metric) == (figure.task, figure.metric)
            and column.protocol.admits(figure)
        ]
        if len(ours) != 1:
            return self._number(printed_column(figure, titles))
        protocol = self.columns[ours[0]].protocol
        assert isinstance(protocol, OwnProtocol)
        if unstated := protocol.unstated(figure):
            told = f"{figure.task}: the figures printed in {figure.paper} do not tell {listed(unstated, most=20)}"
            self.notes += [told] if told not in self.notes else []
        return ours[0]

    def _put(self, figure: PrintedFigure, column: int, rows: dict[tuple[str, str, str], int]) -> None:
        """A printed figure in its row; figures that contradict one another have rows of their own."""
        protocol = self.columns[column].identity
        for again in range(len(self.cells) + 1):
            key = (figure.paper, f"{figure.row}{again or ''}", protocol)
            if key not in rows:
                rows[key] = len(self.rows)
                self.rows.append(Row(figure.row, "printed", figure.paper))
            there = self.cells.get((rows[key], column))
            if there is None or there.value == figure.value:
                tables = dict.fromkeys([*(there.tables if there else ()), figure.table])
                self.cells[rows[key], column] = ReachedValue(figure.value, tables=tuple(tables))
                return

    def _number(self, column: Column) -> int:
        key = (column.task, column.metric, column.identity)
        if key not in self._numbers:
            self._numbers[key] = len(self.columns)
            self.columns.append(column)
        return self._numbers[key]


def _unmeasured(run: MeasuredRun) -> Iterator[str]:
    """What a run has no value of, and why."""
    for task, why in run.result.unmeasured.items():
        yield f"{run.folder}: {task} is not measured: {why}"
    for task, found in run.result.tasks.items():
        for key, why in found.undefined.items():
            yield f"{run.folder}: {task} has no {found.titles.get(key, key)}: {why}"


def _of_versions(models: Sequence[SeededRuns]) -> list[str]:
    """A note where several versions made the runs."""
    found: dict[str, list[str]] = defaultdict(list)
    for model in models:
        for version in sorted({run.version for run in model.runs} - {""}):
            found[version].append(model.label)
    told = "; ".join(f"compose {version}: {listed(labels)}" for version, labels in sorted(found.items()))
    return [f"several versions made the runs: {told}"] if len(found) > 1 else []


def _row(model: SeededRuns) -> Row:
    return Row(
        model.label,
        seeds=tuple(run.seed for run in model.runs),
        parameters=model.parameters,
        seconds=model.seconds,
        folders=tuple(run.folder for run in model.runs),
    )


def _figures(models: Sequence[SeededRuns], papers: Mapping[str, Mapping[str, Any]]) -> Iterator[PrintedFigure]:
    """The figures that the compared specs state, each once."""
    stated: dict[str, Mapping[str, Any]] = {}
    for run in (run for model in models for run in model.runs if run.figures):
        stated.setdefault(run.name, run.figures)
    seen = set()
    for name, figures in sorted(stated.items()):
        for figure in PrintedFigures(name, figures, {**papers, **stated}):
            key = (figure.paper, figure.table, figure.data, figure.row, figure.task, figure.metric, figure.value)
            if key not in seen:
                seen.add(key)
                yield figure


def _is_own(figure: PrintedFigure, models: Sequence[SeededRuns]) -> bool:
    """Whether a figure's row is of a compared model, or bears the name of a compared spec."""
    return any(figure.row == model.name or is_printed(model, figure) for model in models)


def _left_out(left: Sequence[PrintedFigure]) -> list[str]:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for figure in left:
        found[figure.paper].add((figure.table, figure.row))
    return [
        f"{len(rows)} other printed {'rows' if rows - {next(iter(rows))} else 'row'} of {paper} "
        f"({listed(sorted({table for table, _ in rows if table}))}) left out; --printed all shows them"
        for paper, rows in sorted(found.items())
    ]  # fmt: skip


def _asked(columns: Sequence[Column], metrics: Collection[str]) -> set[int]:
    """The columns that are asked for.

    Raises:
        UsageError: one of the metrics is in none.
    """
    for metric in metrics:
        if not any(column.is_asked([metric]) for column in columns):
            known = dict.fromkeys(f"{column.task}/{column.metric}" for column in columns if not column.printed)
            every = [*known, *dict.fromkeys(column.metric for column in columns if not column.printed)]
            close = nearest(metric, every)
            hint = f"did you mean `{close}`? " if close else ""
            raise UsageError(f"no result has the metric `{metric}`; {hint}expected one of {listed(every, most=30)}")
    return {number for number, column in enumerate(columns) if not metrics or column.is_asked(metrics)}


def _finished(making: _Making, kept: set[int], notes: Sequence[str], skipped: Iterable[str]) -> Comparison:
    cells = {place: cell for place, cell in making.cells.items() if place[1] in kept}
    found = blocks(making.rows, making.columns, cells)
    shown = marked([[making.columns[number] for number in block.columns] for block in found])
    marked_columns = {
        number: column
        for block, of_block in zip(found, shown, strict=True)
        for number, column in zip(block.columns, of_block, strict=True)
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
    told += _printed_apart(list(marked_columns.values()))
    told += other_orders(making.rows, columns, cells, making.printed, marked_columns)
    told += _of_one_seed(rows, found)
    return Comparison(
        tuple(rows), tuple(columns), cells, tuple(found), lines, (*told, *dict.fromkeys(notes)), tuple(skipped)
    )


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


def _of_one_seed(rows: Sequence[Row], found: Sequence[Block]) -> list[str]:
    shown = (rows[row] for block in found for row in block.rows)
    single = dict.fromkeys(row.label for row in shown if len(row.seeds) == 1)
    return [f"one seed, and so no interval: {listed(list(single), most=20)}"] if single else []


def _baseline(values: Sequence[float]) -> ReachedValue:
    mean = math.fsum(values) / len(values)
    low, high = min(values), max(values)
    return ReachedValue(mean, spread=(low, high) if f"{low:.1f}" != f"{high:.1f}" else None)


def _printed_apart(columns: Sequence[Column]) -> list[str]:
    """Why printed figures share no column with ours."""
    ours = dict.fromkeys(
        f"{fields['data']} {fields['split']}".strip()
        for column in columns
        if isinstance(column.protocol, OwnProtocol)
        for fields in [column.protocol.protocol.to_json()]
    )
    found: dict[str, PrintedProtocol] = {}
    for column in columns:
        if isinstance(column.protocol, PrintedProtocol):
            found.setdefault(column.identity, column.protocol)
    told = [f"{protocol.title}: {protocol.line()}" for protocol in found.values()]
    apart = f"printed figures share no column with ours, which are measured on {listed(list(ours))}"
    return [*told, apart] if told and ours else told
