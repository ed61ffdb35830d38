"""What the paper of a table prints in each of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from compose.api.run_record import figures_of, values_of
from compose.errors import SpecError, listed, nearest
from compose.spec.layers.resolve import resolve
from compose.spec.layers.table_file import TableFile
from compose.spec.yaml.tree import Scalar, Sequence

if TYPE_CHECKING:
    from compose.evaluation.comparison.printed_figures import PrintedFigure


def source_of(table: TableFile) -> str:
    """Which table of which paper it is; "" where it is of none."""
    from compose.evaluation.comparison.printed_figures import spaced

    return f"{spaced(table.table)} of {resolve(table.paper).name}" if table.paper else ""


def printed_rows(table: TableFile) -> dict[str, list[PrintedFigure]]:
    """The figures of the paper's table by its rows, in their order; of several data sets also by ``ROW, DATA``."""
    from compose.evaluation.comparison.printed_figures import PrintedFigures, spaced

    if not table.paper:
        return {}
    resolved = resolve(table.paper)
    stated = PrintedFigures(resolved.name, figures_of(values_of(resolved.tree)))
    figures = [one for one in stated if one.paper == resolved.name and one.table == spaced(table.table)]
    several = len({figure.data for figure in figures}) > 1
    found: dict[str, list[PrintedFigure]] = {}
    for figure in figures:
        for name in (figure.row, *([f"{figure.row}, {figure.data}"] if several else ())):
            found.setdefault(name, []).append(figure)
    return found


def printed_problems(table: TableFile) -> list[SpecError]:
    """Rows that name figures that the paper does not have, and columns that no metric is of."""
    named = [row.printed for row in table.rows if row.printed is not None and table.paper]
    known = printed_rows(table) if named else {}
    unknown = [printed for printed in named if printed.value not in known]
    if unknown and not known:
        return [_no_figures(table), *_strange_metrics(table)]
    return [*(_no_row(table, printed, list(known)) for printed in unknown), *_strange_metrics(table)]


def _no_figures(table: TableFile) -> SpecError:
    at = table.tree and table.tree.get("table")
    expected = "a table under `paper.figures`, or rows without `printed`"
    message = f"{table.paper} states no figures of `{table.table}`"
    return SpecError("unknown-table", message, at.place if at else None, expected)


def _no_row(table: TableFile, printed: Scalar, known: list[str]) -> SpecError:
    value = str(printed.value)
    message = f"`{table.table}` of {table.paper} has no row `{value}`"
    expected = f"one of {listed(known, most=20)}"
    return SpecError("unknown-row", message, printed.place, expected, nearest(value, known))


def _strange_metrics(table: TableFile) -> Iterator[SpecError]:
    from compose.evaluation.comparison.columns import is_metric
    from compose.evaluation.comparison.printed_figures import TASK

    listed_metrics = table.tree and table.tree.get("metrics")
    for entry in listed_metrics.items if isinstance(listed_metrics, Sequence) else ():
        value = str(entry.value) if isinstance(entry, Scalar) else ""
        if not TASK.fullmatch(value) and not is_metric(value.rpartition("/")[2]):
            expected = "a metric (`map`), a task (`zsl`), or both (`zsl/map`); `compose list metrics` shows them"
            yield SpecError("unknown-metric", f"there is no metric `{value}`", entry.place, expected)
