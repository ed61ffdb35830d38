"""``compose data describe NAME``: what a published data set needs, and what of it is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import AsJson

if TYPE_CHECKING:
    from compose.api.published_data import FileState, PublishedState
    from compose.cli.console import Cell

DataName = Annotated[
    str, typer.Argument(metavar="NAME", help="A data source: what `compose data list` lists.", show_default=False)
]
DataFolder = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FOLDER]", help="Where its files lie, if not in the folder of all data.", show_default=False
    ),
]


def describe_data(name: DataName, folder: DataFolder = None, as_json: AsJson = False) -> None:
    """Say what a published data set needs, how large it is, where it can be had, and what of it is there."""
    from compose.api.published_data import published_data
    from compose.cli.console import echo, echo_json

    found = published_data(name, folder)
    if as_json:
        echo_json(found.to_json(), indent=2)
        return
    print_files(found)
    print_counts(found)
    echo(f"\ncompose data check {name} reads the files; compose describe {name} says what a spec may set.", style="dim")


def print_files(found: PublishedState) -> None:
    """Print the files, and which are there."""
    from compose.cli.console import echo, table

    echo(f"{found.title} ({found.source})", style="bold")
    echo(f"to be had from {found.page}")
    nowhere = "not there: say where by FOLDER, COMPOSE_DATA or --data-root"
    echo(f"looked for in {found.folder}" if found.folder else nowhere)
    table(("file", "what is in it", "published", "here"), [_row(file) for file in found.files])


def _row(file: FileState) -> tuple[Cell, ...]:
    holds = f"{file.holds}; for {file.needed_for} alone" if file.needed_for else file.holds
    here = "missing" if file.path is None else _size(file.size) or "there"
    return file.name, holds, _size(file.published), here


def _size(megabytes: float | None) -> str:
    if not megabytes:
        return ""
    return f"{megabytes:,.0f} MB" if megabytes >= 10 else f"{megabytes:.3f}".rstrip("0").rstrip(".") + " MB"


def print_counts(found: PublishedState) -> None:
    """Print how many labels and examples there are, beside the publisher's."""
    from compose.cli.console import table

    rows = []
    for key, (got, published) in found.counts.items():
        mark = "" if got in (None, published) else "differs"
        rows.append((key, "" if got is None else f"{got:,}", f"{published:,}", mark))
    table(("", "here", "published", ""), rows, right=(1, 2))
