"""Where commands print: results to standard output, everything else to standard error.

Whatever is printed goes through :class:`~compose.terminal.Terminal`, or as JSON through :func:`echo_json`: names and
labels come from specs and data that a stranger may have written. Colour only on a terminal, and not where ``NO_COLOR``
is set (rich sees to both).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from compose.terminal import Terminal

GAP = 2
Cell = str | Sequence[str]
"""A text on one line, or the lines of one."""


def out() -> Terminal:
    """The console for results."""
    from compose.terminal import Terminal

    return Terminal()


def err() -> Terminal:
    """The console for errors and progress."""
    from compose.terminal import Terminal

    return Terminal(stderr=True)


def echo(text: str, *, style: str = "", end: str = "\n") -> None:
    """Print a result, which may have several lines."""
    out().print(text, style=style, end=end)


def echo_name(name: str) -> None:
    """Print the name of a file or of an episode over what is said of it, on one line."""
    from compose.shown import printable

    echo(printable(name), style="bold")


def echo_json(value: Any, *, indent: int | None = None) -> None:
    """Print a value for other programs."""
    from compose.shown import json_text

    print(json_text(value, indent=indent), flush=True)


def done(text: str) -> None:
    """Print to standard error what a command has done."""
    from compose.shown import printable

    err().print(printable(text))


def note(text: str) -> None:
    """Print what the user should know although it stops nothing."""
    from compose.api.begin_run import print_notes

    print_notes(err(), [text])


def status(text: str) -> Any:
    """A context in which a terminal shows that something takes its time."""
    return err().status(text)


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[int] = (), indent: int = 2
) -> None:
    """Print rows in columns. A terminal gets the last columns wrapped to its width, a pipe one line for each row.

    Args:
        headers: one for each column; none for a table without a head.
        rows: the cells.
        right: the columns that are aligned to the right.
        indent: spaces before the first column.
    """
    console = out()
    if console.is_terminal:
        from rich.padding import Padding

        console.print(Padding(_rich_table(headers, rows, right), (0, 0, 0, indent)), soft_wrap=False)
    else:
        lines = plain_table(headers, rows, right=right)
        if lines:
            echo("\n".join(" " * indent + line for line in lines))


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[int] = ()) -> list[str]:
    """The lines of a table without colour or wrapping."""
    cells = [[_cell_lines(cell) for cell in row] for row in ([headers, *rows] if headers else rows)]
    widths = (
        [max(len(line) for row in cells for line in row[column]) for column in range(len(cells[0]))] if cells else []
    )
    lines = []
    for row in cells:
        for index in range(max(map(len, row))):
            parts = [cell[index] if index < len(cell) else "" for cell in row]
            padded = [
                part.rjust(width) if column in right else part.ljust(width)
                for column, (part, width) in enumerate(zip(parts, widths, strict=True))
            ]
            lines.append((" " * GAP).join(padded).rstrip())
    return lines


def _cell_lines(cell: Cell) -> list[str]:
    from compose.shown import printable

    return [printable(line) for line in ([cell] if isinstance(cell, str) else cell)] or [""]


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], right: Sequence[int]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=bool(headers), header_style="dim")
    for column in range(len(headers) or len(rows[0]) if rows else 0):
        is_last = column == (len(headers) or len(rows[0])) - 1
        style = "bold" if column == 0 else ""
        header = headers[column] if headers else ""
        made.add_column(
            header, style=style, justify="right" if column in right else "left", no_wrap=not is_last,
        )  # fmt: skip
    for row in rows:
        made.add_row(*(Text("\n".join(_cell_lines(cell))) for cell in row))
    return made


def highlighted(text: str, language: str) -> Text | str:
    """A program or a spec in colour where a terminal shows it, else as it is."""
    if not out().is_terminal:
        return text
    from rich.syntax import Syntax

    return Syntax("", language, theme="ansi_dark", background_color="default").highlight(text)
