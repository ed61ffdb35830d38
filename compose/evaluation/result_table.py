"""A result as a table in the terminal and in Markdown. Values are percent: what the field prints for mAP and F1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from compose.evaluation.result import Result
from compose.shown import markdown_text

if TYPE_CHECKING:
    from rich.console import Group

HEADERS = ("task", "metric", "result", "chance", "class prior")
NOTE = (
    "In percent. Chance is a random score; the class prior scores a label by how frequent it is (an unseen one by its "
    "frequency in the evaluated images) and never looks at the image."
)
ALL_POSITIVE = "all positive"
TEXT_WIDTH = 120
INTERVALS = (
    "In percent, with the 95% interval of the mean over episodes. Chance is a random score; the class prior scores a "
    "label by how frequent it is in the split."
)
EVERY_LABEL = " All positive predicts every label for every query."
BESIDE = " Of episodes it is the mean over them, with its 95% interval."
PLACES = " In a localisation, chance looks at a random place and the class prior at the middle of the image."


def table(result: Result) -> Group:
    """The result for a rich console: a table, and each task's protocol in a line under it."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from compose.terminal import plain_text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    headers = _headers(result)
    for header in headers:
        text = header.replace(" ", "\n") if len(headers) > len(HEADERS) else header  # so that 80 columns are enough
        shown.add_column(text, justify="left" if header in ("task", "metric") else "right", no_wrap=True)
    for task, *cells in _rows(result):
        if task and shown.row_count:
            shown.add_section()
        shown.add_row(plain_text(task), plain_text(cells[0]), Text(cells[1], style="bold"), *map(plain_text, cells[2:]))
    protocols = Table.grid(padding=(0, 1))
    for name, line in _lines(result):
        protocols.add_row(plain_text(f"{name}:"), plain_text(line))
    modules = [plain_text(line) for line in _modules(result)]
    if not result.tasks:
        return Group(protocols)
    return Group(shown, protocols, *modules, Text(_note(result), style="dim"))


def text(result: Result) -> str:
    """The same as plain text."""
    from io import StringIO

    from compose.terminal import Terminal

    written = StringIO()
    Terminal(file=written, width=TEXT_WIDTH).print(table(result))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def markdown(result: Result) -> str:
    """The result as a Markdown table, with each task's protocol in a line under it."""
    headers = _headers(result)
    rows = [headers, ("---", "---", *["---:"] * (len(headers) - 2)), *_rows(result)]
    lines = [f"| {' | '.join(map(markdown_text, row))} |" for row in rows]
    protocols = [f"- {markdown_text(name)}: {markdown_text(line)}" for name, line in _lines(result)]
    if not result.tasks:
        return "\n".join([*protocols, ""])
    modules = [line for text in _modules(result) for line in ("", markdown_text(text))]
    return "\n".join([*lines, "", *protocols, *modules, "", _note(result), ""])


def percent(value: float) -> str:
    """A fraction as percent with one decimal; a dash where it is undefined."""
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _lines(result: Result) -> Iterator[tuple[str, str]]:
    """Each task's protocol, then what could not be measured, and why."""
    for name, task in result.tasks.items():
        yield name, task.protocol.line()
    for name, task in result.tasks.items():
        for key, why in task.undefined.items():
            yield name, f"no {task.titles[key]}: {why}"
    for name, why in result.unmeasured.items():
        yield name, f"not measured: {why}"


def _modules(result: Result) -> list[str]:
    return [f"Scores from each attention module, in percent: {result.modules.line()}"] if result.modules else []


def _headers(result: Result) -> tuple[str, ...]:
    return (*HEADERS, ALL_POSITIVE) if _has_all_positive(result) else HEADERS


def _has_all_positive(result: Result) -> bool:
    return any(task.all_positive for task in result.tasks.values())


def _note(result: Result) -> str:
    intervals = [bool(task.intervals) for task in result.tasks.values()]
    trivial = EVERY_LABEL if _has_all_positive(result) else ""
    if all(intervals):
        return INTERVALS + trivial
    places = any(task.protocol.of_places for task in result.tasks.values())
    return NOTE + (PLACES if places else "") + (BESIDE if any(intervals) else "") + trivial


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    for name, task in result.tasks.items():
        for i, key in enumerate(task.metrics):
            value, *baselines = map(percent, (task.metrics[key], task.chance[key], task.prior[key]))
            if key in task.intervals:
                value = f"{100 * task.metrics[key]:.2f} ± {100 * task.intervals[key]:.2f}"
            if _has_all_positive(result):
                baselines.append(percent(task.all_positive[key]) if key in task.all_positive else "")
            yield ("" if i else name, task.titles[key], value, *baselines)
