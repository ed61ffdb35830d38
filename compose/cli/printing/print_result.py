"""Print the result of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.evaluation.result import Result


def print_result(result: Result) -> None:
    """The metrics of every task beside chance and the class prior, and the protocol."""
    from compose.cli.console import out
    from compose.evaluation.result_table import table
    from compose.terminal import Terminal

    console = out()
    if not console.is_terminal:
        console = Terminal(width=200)
    console.print(table(result))
