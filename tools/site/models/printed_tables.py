"""The figures that a paper prints, table by table, each with what is known of how it was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, relpath

from compose.evaluation.comparison.printed_figures import PrintedFigure, PrintedFigures
from compose.evaluation.comparison.printed_value import percent_text
from tools.rooms import ROOT
from tools.site.markdown import paragraphs, prose, table
from tools.site.models.packaged_spec import PackagedSpec, packaged_specs

RESULTS = ROOT / "docs" / "results"


def printed_tables(spec: PackagedSpec) -> str:
    """Every table of ``paper.figures``; and where our figures stand."""
    others = {other.stem: other.figures for other in packaged_specs() if other != spec}
    tables = defaultdict(list)
    for figure in PrintedFigures(spec.stem, spec.figures, others):
        tables[figure.paper, figure.table, figure.data].append(figure)
    printed = [_table(spec, *of, figures) for of, figures in tables.items()]
    ours = [f"Ours: {', '.join(found)}." for found in [list(_ours(spec))] if found]
    parts = ["In percent, as printed.", *ours, *printed] if printed else ours
    return paragraphs("## Figures", *parts) if parts else ""


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


def _ours(spec: PackagedSpec) -> Iterator[str]:
    """Links to the pages of results that name the spec."""
    for path in sorted(RESULTS.glob("*.md")):
        text = path.read_text("utf-8")
        if spec.name in text:
            page = path.relative_to(ROOT / "docs").as_posix()
            yield f"[{_title(text, path)}]({relpath(page, dirname(spec.page))})"


def _title(text: str, path: Path) -> str:
    first = text.lstrip().partition("\n")[0]
    return first.removeprefix("# ") if first.startswith("# ") else path.stem
