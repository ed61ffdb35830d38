"""``compose test-block FILE``: what a block declares against what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from compose.cli.arguments.complete import block_names
from compose.cli.options import AsJson, BlockFiles

if TYPE_CHECKING:
    from compose.block_test.block_finding import BlockFinding
    from compose.block_test.tried_block import Tried

SIGNS = {"ok": "ok", "failed": "failed", "not applicable": "-"}
"""A state as the table shows it."""


def try_block(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|NAME",
            help="A Python file with blocks or losses of your own, or the name of one that `compose list` lists.",
            autocompletion=block_names,
            show_default=False,
        ),
    ],
    values: Annotated[
        list[str] | None,
        typer.Option("--set", "-s", metavar="KEY=VALUE", help="A parameter of the block; may be repeated."),
    ] = None,
    dims: Annotated[
        list[str] | None,
        typer.Option("--dim", metavar="LETTER=SIZE", help="The size of a dim of its ports; may be repeated."),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--block", metavar="NAME", help="The one of several in the file.", show_default=False)
    ] = None,
    blocks: BlockFiles = None,
    as_json: AsJson = False,
) -> None:
    """Try a block on random inputs: shapes, gradients, batches, labels, half precision, compile and export."""
    from compose.cli.console import echo_json
    from compose.cli.specs import use_blocks

    use_blocks(blocks)
    from compose.block_test.block_checker import FailedBlock
    from compose.block_test.tried_block import tried_blocks

    found = [(tried, list(tried.outcomes())) for tried in tried_blocks(what, values or (), dims or (), only=only)]
    if as_json:
        echo_json([_data(tried, outcomes) for tried, outcomes in found], indent=2)
    else:
        for tried, outcomes in found:
            _show(tried, outcomes)
    errors = [outcome.error for _, outcomes in found for outcome in outcomes if outcome.error]
    if errors:
        raise FailedBlock(errors)


def _show(tried: Tried, outcomes: list[BlockFinding]) -> None:
    from compose.cli.console import echo, table

    echo(f"{tried.kind} {tried.name}, tried with {tried.sizes}")
    table((), [(outcome.name, SIGNS[outcome.state], outcome.detail) for outcome in outcomes])


def _data(tried: Tried, outcomes: list[BlockFinding]) -> dict[str, Any]:
    from compose.errors import as_json

    checks = [
        {
            "check": outcome.name,
            "state": outcome.state,
            "detail": outcome.detail,
            **({"error": as_json(outcome.error)} if outcome.error else {}),
        }
        for outcome in outcomes
    ]
    return {"kind": tried.kind, "name": tried.name, "sizes": tried.subject.sizes.letters, "checks": checks}
