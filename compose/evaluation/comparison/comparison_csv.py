"""A comparison as one line for each value, which spreadsheets and other programs pivot as they like."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from compose.evaluation.comparison.columns import PrintedProtocol
from compose.evaluation.comparison.comparison import Comparison, Row
from compose.shown import csv_cell

HEADERS = ("model", "kind", "paper", "table", "task", "metric", "value", "interval", "best", "seeds", "parameters",
           "seconds", "protocol")  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A value.

    Args:
        model: its row.
        kind: ``run``, ``printed``, ``chance`` or ``prior``.
        paper: the spec whose paper prints it.
        table: where.
        task: the task, with the number of its protocol where there are several.
        metric: the metric's key.
        value: in percent.
        interval: half the 95% interval; None where there is none.
        best: whether it is the best of its column.
        seeds: the seeds of the runs.
        values: those of each seed.
        parameters: of the model.
        seconds: how long a run takes.
        protocol: in a line.
    """

    model: str
    kind: str
    paper: str
    table: str
    task: str
    metric: str
    value: float
    interval: float | None
    best: bool
    seeds: tuple[int, ...]
    values: tuple[float, ...]
    parameters: int | None
    seconds: float | None
    protocol: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def records(comparison: Comparison) -> Iterator[Record]:
    """The values, block by block and row by row."""
    for block in comparison.blocks:
        best = comparison.best(block)
        for number in block.rows:
            row = comparison.rows[number]
            for place in ((number, column) for column in block.columns if (number, column) in comparison.cells):
                cell, column = comparison.cells[place], comparison.columns[place[1]]
                protocol = column.protocol
                if isinstance(protocol, PrintedProtocol):  # it is no run's, although a run may stand in its row
                    row, line = Row(row.label, "printed", protocol.paper), protocol.line()
                else:
                    row, line = comparison.rows[number], comparison.protocols[column.head[0]]
                yield Record(
                    row.label, row.kind, row.paper, ", ".join(cell.tables), column.head[0], column.metric,
                    round(cell.value, 4), None if cell.half is None else round(cell.half, 4), place in best,
                    row.seeds, tuple(round(value, 4) for value in cell.values), row.parameters, row.seconds, line,
                )  # fmt: skip


def csv_text(comparison: Comparison) -> str:
    """The text of the file."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADERS)
    for record in records(comparison):
        data = record.to_json() | {"seeds": " ".join(map(str, record.seeds)), "best": "yes" if record.best else ""}
        writer.writerow([csv_cell("" if data[key] is None else str(data[key])) for key in HEADERS])
    return written.getvalue()
