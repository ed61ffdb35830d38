"""The figures that a paper prints, table by table, each with what is known of how it was measured."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from posixpath import dirname, relpath
from typing import TypeAlias

from compose.evaluation.comparison.printed_figures import PrintedFigure, PrintedFigures
from compose.evaluation.comparison.printed_value import percent_text
from compose.spec.layers.table_file import TableFile
from tools.site.markdown import paragraphs, prose, table
from tools.site.models.packaged_spec import PackagedSpec, packaged_specs
from tools.site.models.result_pages import result_links, result_table
from tools.site.models.table_page import packaged_tables, page_of_table

Tables: TypeAlias = dict[tuple[str, str, str], list[PrintedFigure]]
"""The figures of each table, by the paper, the table and the data set."""

OTHER_DATA = "Columns marked (paper) are of the paper's data and protocol, the others of those that come along."


def printed_tables(spec: PackagedSpec) -> str:
    """Every table of ``paper.figures``; and where our figures stand."""
    others = {other.stem: other.figures for other in packaged_specs() if other != spec}
    tables: Tables = defaultdict(list)
    for figure in PrintedFigures(spec.stem, spec.figures, others):
        tables[figure.paper, figure.table, figure.data].append(figure)
    printed = [*_printed(spec, tables)]
    ours = result_links([spec.name], dirname(spec.page))
    parts = [
        "In percent, as printed." if printed else "",
        f"Ours: {ours}." if ours else "",
        *printed,
        *_without_numbers(spec, {table for _, table, _ in tables}),
    ]
    return paragraphs("## Figures", *parts) if any(parts) else ""


def _printed(spec: PackagedSpec, tables: Tables) -> Iterator[str]:
    """Each table, and behind it what rebuilds it; one of several data sets is several tables here."""
    for (paper, name), parts in groupby(tables, key=lambda of: of[:2]):
        yield from (_table(spec, *of, tables[of]) for of in parts)
        if paper == spec.stem:
            yield from (_rebuilt(found, spec) for found in _tables_of(spec) if _spaced(found.table) == name)


def _tables_of(spec: PackagedSpec) -> list[TableFile]:
    """The tables of the zoo that rebuild those of its paper."""
    return [found for found in packaged_tables() if found.paper == spec.name]


def _without_numbers(spec: PackagedSpec, printed: set[str]) -> Iterator[str]:
    """What rebuilds those tables and figures of the paper of which no number is printed."""
    for found in _tables_of(spec):
        if _spaced(found.table) not in printed:
            yield paragraphs(
                f"### {_spaced(found.table).capitalize()}", "Without printed numbers.", _rebuilt(found, spec)
            )


def _rebuilt(found: TableFile, spec: PackagedSpec) -> str:
    folder = dirname(spec.page)
    ours = result_links([found.file], folder)
    link = f"[{prose(found.title)}]({relpath(page_of_table(found), folder)})"
    said = f"Rebuilt by `compose sweep {found.file} --seeds 3`: {link}.{f' Ours: {ours}.' if ours else ''}"
    figures = result_table(found)
    return paragraphs(said, figures and OTHER_DATA, figures)


def _spaced(table: str) -> str:
    """``table3`` as it is told: ``table 3``."""
    return re.sub(r"(?<=[a-z])(?=\d)", " ", table)


def _table(spec: PackagedSpec, paper: str, name: str, data: str, figures: list[PrintedFigure]) -> str:
    columns = list(dict.fromkeys((figure.task, figure.metric) for figure in figures))
    rows: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for figure in figures:
        rows[figure.row][figure.task, figure.metric] = percent_text(figure.value)
    of = name.capitalize() if paper == spec.stem else f"{name.capitalize()} of {paper}"
    title = ", ".join(part for part in (of.strip(), data) if part)
    head = ["", *(" ".join(column).strip() for column in columns)]
    cells = [[f"`{row}`", *(known.get(column, "") for column in columns)] for row, known in rows.items()]
    return paragraphs(f"### {title}", *_protocol(figures[0]), table(head, cells, right=True))


def _protocol(figure: PrintedFigure) -> Iterator[str]:
    """What is known of how a table was measured."""
    fields = [f"{key.replace('_', ' ')}: {value}" for key, value in figure.fields.items()]
    told = [prose(text) for text in (*figure.told, *fields)]
    yield f"Measured on: {'; '.join(told)}." if told else "Of how it was measured, the spec states nothing."
