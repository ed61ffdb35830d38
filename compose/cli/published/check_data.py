"""``compose data check NAME``: whether a published data set is there as it was published."""

from __future__ import annotations

import typer

from compose.cli.options import AsJson
from compose.cli.published.describe_data import DataFolder, DataName, print_counts, print_files

SHOWN = 20


def check_data(name: DataName, folder: DataFolder = None, as_json: AsJson = False) -> None:
    """Read a published data set's files: what is missing or cut off, and counts against the publisher's."""
    from compose.api.published_data import check_published
    from compose.cli.console import done, echo_json, status

    with status("reading the files"):
        found = check_published(name, folder)
    if as_json:
        echo_json(found.to_json(), indent=2)
    else:
        print_files(found)
        print_counts(found)
        _print_problems(found.problems)
    if found.problems or found.folder is None:
        raise typer.Exit(1)
    done("the files can be used")


def _print_problems(problems: tuple[str, ...]) -> None:
    from compose.cli.console import echo

    if problems:
        echo(f"\n{len(problems):,} problem{'s' if len(problems) > 1 else ''}", style="bold")
        more = [f"and {len(problems) - SHOWN:,} more"] if len(problems) > SHOWN else []
        for line in [*problems[:SHOWN], *more]:
            echo(f"  {line}")
