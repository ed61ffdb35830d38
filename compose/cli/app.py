"""All commands, in the order of ``compose --help``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from compose.cli.code import code
from compose.cli.describe import describe
from compose.cli.diff import diff
from compose.cli.evaluate import evaluate
from compose.cli.graphs.graph import graph
from compose.cli.graphs.wordnet import wordnet
from compose.cli.group import Commands
from compose.cli.list import list_names
from compose.cli.many_runs.compare import compare
from compose.cli.many_runs.run_sweep import sweep
from compose.cli.new import new
from compose.cli.predict import predict
from compose.cli.published.data_group import data
from compose.cli.schema import schema
from compose.cli.show import show
from compose.cli.train import train
from compose.cli.try_block import try_block
from compose.cli.validate import validate

PANELS: dict[str, dict[str, Callable[..., None]]] = {
    "Run": {"train": train, "evaluate": evaluate, "predict": predict, "sweep": sweep, "compare": compare},
    "Write a spec": {"new": new, "validate": validate, "list": list_names, "describe": describe, "schema": schema},
    "Write a block": {"test-block": try_block},
    "Look inside a spec": {"show": show, "graph": graph, "code": code, "diff": diff},
}

GROUPS: dict[str, dict[str, typer.Typer]] = {"Prepare": {"data": data, "wordnet": wordnet}}
"""Commands that have commands of their own."""

app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error; for every command.")] = False,
    data_root: Annotated[
        str | None,
        typer.Option(
            "--data-root",
            metavar="FOLDER",
            help="The folder above those of published data sets, as COMPOSE_DATA; for every command.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Turn YAML specs into trained PyTorch models.

    Begin with: compose new my.yaml, then compose train my.yaml. What a spec may use: compose list.
    """


for panel, commands in PANELS.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)
for panel, groups in GROUPS.items():
    for name, group in groups.items():
        app.add_typer(group, name=name, rich_help_panel=panel)
