"""The command line: one file for each command, nothing heavy imported before a command runs."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments of this process name."""
    from compose.cli.app import app

    app(prog_name="compose")
