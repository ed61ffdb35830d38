"""The values of a comparison: what each model reaches in each column, and what its paper prints."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from compose.errors import listed
from compose.evaluation.comparison.columns import Column, OwnProtocol, own_columns, printed_column
from compose.evaluation.comparison.comparison import ReachedValue, Row
from compose.evaluation.comparison.comparison_notes import unmeasured
from compose.evaluation.comparison.printed_figures import PrintedFigure, PrintedFigures
from compose.evaluation.comparison.row_orders import is_printed
from compose.evaluation.comparison.seed_interval import half_interval
from compose.evaluation.comparison.seeded_runs import SeededRuns

PrintedChoice = Literal["own", "all", "none"]


class ComparisonCells:
    """Rows, columns and the values where they meet; fills up row by row.

    Args:
        models: the runs of each spec.
        papers: ``paper.figures`` of other specs by their names.

    Attributes:
        printed: (row of a model, column of printed figures) -> what its paper prints of it.
        baselines: (``chance`` or ``prior``, column) -> what each run's report says of it.
        notes: what is to be told.
    """

    def __init__(self, models: Sequence[SeededRuns], papers: Mapping[str, Mapping[str, Any]]) -> None:
        self.models, self.papers = models, papers
        self.rows: list[Row] = []
        self.columns: list[Column] = []
        self.cells: dict[tuple[int, int], ReachedValue] = {}
        self.printed: dict[tuple[int, int], float] = {}
        self.baselines: dict[tuple[str, int], list[float]] = defaultdict(list)
        self.notes: list[str] = []
        self._numbers: dict[tuple[str, str, str], int] = {}

    def add_runs(self) -> None:
        """The rows of the runs, and with each column what chance and the class prior reach."""
        for model in self.models:
            number = len(self.rows)
            self.rows.append(_row(model))
            for column, values in self._values(model).items():
                self.cells[number, column] = ReachedValue(
                    math.fsum(values) / len(values), half_interval(values), tuple(values)
                )

    def _values(self, model: SeededRuns) -> dict[int, list[float]]:
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
                            self.baselines[kind, number].append(100 * reached[column.metric])
            self.notes += unmeasured(run)
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

    def add_beside(self, row: int, column: Column, figure: PrintedFigure) -> None:
        """A printed figure in the row of a model, in a column of its own.

        Args:
            row: the row.
            column: the column; one of another row of the same protocol is the same.
            figure: what is printed.
        """
        number = self._number(column)
        self.cells[row, number] = ReachedValue(figure.value, tables=(figure.table,))
        self.printed.setdefault((row, number), figure.value)

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
