"""Models beside one another: rows and columns with a value where they meet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from compose.evaluation.comparison.columns import Column
from compose.evaluation.comparison.printed_value import percent_text

RowKind = Literal["run", "printed", "chance", "prior"]


@dataclass(frozen=True)
class Row:
    """A model, or what is reached without one.

    Args:
        label: what it is called.
        kind: runs of ours, a paper's printed figures, a random score, or the labels' frequencies.
        paper: the spec whose paper prints it; "" for what is not printed.
        seeds: the seeds of the runs.
        parameters: of the model that scores; None where that is not known.
        seconds: how long a run takes, in the mean; None where that is not known.
        folders: where the runs lie.
    """

    label: str
    kind: RowKind = "run"
    paper: str = ""
    seeds: tuple[int, ...] = ()
    parameters: int | None = None
    seconds: float | None = None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReachedValue:
    """What a row reaches in a column, in percent.

    Args:
        value: the mean over the seeds, or what is printed.
        half: half the 95% interval of the mean; None of one seed, and of what is printed.
        values: those of the seeds.
        tables: where it is printed.
        spread: the least and the greatest where a baseline's runs differ.
    """

    value: float
    half: float | None = None
    values: tuple[float, ...] = ()
    tables: tuple[str, ...] = ()
    spread: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        """As a table has it."""
        if self.tables:
            return percent_text(self.value)
        if self.spread:
            return f"{self.spread[0]:.1f} to {self.spread[1]:.1f}"
        return f"{self.value:.1f}" if self.half is None else f"{self.value:.1f} ± {self.half:.1f}"


@dataclass(frozen=True)
class Block:
    """Rows and columns that belong together: no row of it has a value elsewhere.

    Args:
        title: what it is of, where that is not our own.
        rows: the numbers of its rows, the best first.
        columns: the numbers of its columns.
    """

    title: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class TablePage:
    """What a table of a paper is, and how it is rebuilt.

    Args:
        title: what it shows.
        source: which table of which paper, ``table 2 of lesa``; "" where it is of none.
        file: the table file.
        needs: what its rows need that does not come along; "" for nothing.
        commands: row -> the command that trains it; "" where it is left out.
    """

    title: str
    source: str = ""
    file: str = ""
    needs: str = ""
    commands: Mapping[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """Source and title in one line."""
        found = ": ".join(filter(None, [self.source, self.title]))
        return f"{found[:1].upper()}{found[1:]}"


@dataclass(frozen=True)
class Comparison:
    """What :func:`compose.compare` returns. It shows itself as a table, in a notebook, too.

    Args:
        rows: the models, then chance and the class prior of each block.
        columns: metrics, each by one protocol.
        cells: (row, column) -> what is reached.
        blocks: the tables that it is shown in.
        protocols: task, with its mark -> the protocol in a line.
        notes: what else is to be known: where protocols differ, what has one seed, what was left out. A line each.
        skipped: what could not be compared -> why.
        page: the table of a paper that it rebuilds; None where it is none.
    """

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: Mapping[tuple[int, int], ReachedValue]
    blocks: tuple[Block, ...]
    protocols: Mapping[str, str]
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    page: TablePage | None = None

    def best(self, block: Block) -> set[tuple[int, int]]:
        """The best values of each column of a block, where there are several; equal ones are all the best."""
        found = set()
        for column in block.columns:
            values = {
                row: round(self.cells[row, column].value, 1 if self.rows[row].kind == "run" else 2)
                for row in block.rows
                if (row, column) in self.cells and self.rows[row].kind in ("run", "printed")
            }
            if len(values) > 1:
                found |= {(row, column) for row, value in values.items() if value == max(values.values())}
        return found

    def tables(self, row: int) -> tuple[str, ...]:
        """The tables of its paper that a row is printed in."""
        found = (cell.tables for (of_row, _), cell in self.cells.items() if of_row == row)
        return tuple(sorted({table for tables in found for table in tables if table}))

    def __repr__(self) -> str:
        """The table as a terminal shows it."""
        from compose.evaluation.comparison.comparison_table import text

        return text(self)

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        return self.markdown()

    def markdown(self) -> str:
        """The tables in Markdown, with protocols and notes below."""
        from compose.evaluation.comparison.comparison_markdown import markdown

        return markdown(self)

    def latex(self) -> str:
        """The tables in LaTeX (booktabs), with protocols and notes below."""
        from compose.evaluation.comparison.comparison_latex import latex

        return latex(self)

    def csv(self) -> str:
        """One line for each value, for other programs."""
        from compose.evaluation.comparison.comparison_csv import csv_text

        return csv_text(self)

    def to_json(self) -> dict[str, Any]:
        """Plain data: the lines of :meth:`csv` with the values of every seed, the protocols and the notes; of a paper's
        table its title and the command of each row."""
        from compose.evaluation.comparison.comparison_csv import records

        return {
            **({"title": self.page.heading, "commands": dict(self.page.commands)} if self.page else {}),
            "values": [record.to_json() for record in records(self)],
            "protocols": dict(self.protocols),
            "notes": list(self.notes),
            "skipped": list(self.skipped),
        }

    def svg(self) -> str:
        """A picture of the means and their intervals, as the text of an SVG file."""
        from compose.evaluation.comparison.comparison_chart import comparison_chart

        return comparison_chart(self)

    def write(self, path: str | Path) -> None:
        """Write a file in the form that its name says.

        Args:
            path: ends in one of :data:`FORMS`.

        Raises:
            ValueError: it ends in something else.
        """
        path = Path(path)
        if path.suffix not in FORMS:
            raise ValueError(f"{path}: expected a name that ends in {', '.join(FORMS)}")
        forms = {".md": self.markdown, ".csv": self.csv, ".tex": self.latex, ".svg": self.svg}
        shown = forms[path.suffix]() if path.suffix in forms else json.dumps(self.to_json(), indent=2) + "\n"
        path.write_text(shown, "utf-8")


FORMS: Sequence[str] = (".md", ".csv", ".tex", ".json", ".svg")
"""How the names of files end that a comparison can be written to."""
