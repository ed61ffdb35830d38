"""Where commands print: results to standard output, everything else to standard error.

Colour only on a terminal, and not where ``NO_COLOR`` is set (rich sees to both).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

GAP = 2


def out() -> Console:
    """The console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def err() -> Console:
    """The console for errors and progress: that of the Python API."""
    from compose.api.begin_run import progress_console

    return progress_console()


def echo(text: str, *, style: str = "") -> None:
    """Print a result, whatever brackets it holds."""
    out().print(text, style=style, markup=False)


def note(text: str) -> None:
    """Print what the user should know although it stops nothing."""
    from compose.api.begin_run import print_notes

    print_notes(err(), [text])


def status(text: str) -> Any:
    """A context in which a terminal shows that something takes its time."""
    return err().status(text)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), indent: int = 2) -> None:
    """Print rows in columns. A terminal gets the last columns wrapped to its width, a pipe one line for each row.

    Args:
        headers: one for each column; none for a table without a head.
        rows: the cells, as text; a cell may hold several lines.
        right: the columns that are aligned to the right.
        indent: spaces before the first column.
    """
    console = out()
    if console.is_terminal:
        from rich.padding import Padding

        console.print(Padding(_rich_table(headers, rows, right), (0, 0, 0, indent)), soft_wrap=False)
    else:
        for line in plain_table(headers, rows, right=right):
            print(" " * indent + line)


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """The lines of a table without colour or wrapping."""
    cells = [[cell.splitlines() or [""] for cell in row] for row in ([headers, *rows] if headers else rows)]
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


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> RenderableType:
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
        made.add_row(*(Text(cell) for cell in row))
    return made


def highlighted(text: str, language: str) -> Text | str:
    """A program or a spec in colour where a terminal shows it, else as it is."""
    if not out().is_terminal:
        return text
    from rich.syntax import Syntax

    return Syntax("", language, theme="ansi_dark", background_color="default").highlight(text)
