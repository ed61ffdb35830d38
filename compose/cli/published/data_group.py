"""``compose data``: the data sets that publishers offer, and whether they are there."""

from __future__ import annotations

import typer

from compose.cli.published.check_data import check_data
from compose.cli.published.describe_data import describe_data
from compose.cli.published.list_data import list_data

data = typer.Typer(no_args_is_help=True, help="See which published data sets are there, and check their files.")


@data.callback()
def root() -> None:
    """See which published data sets are there, and check their files. Nothing is downloaded."""


data.command("list")(list_data)
data.command("describe")(describe_data)
data.command("check")(check_data)
