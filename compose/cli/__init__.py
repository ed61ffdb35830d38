"""The command line: one file for each command, nothing heavy imported before a command runs."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command that the arguments of this process name."""
    from compose.cli.app import app

    try:
        app(prog_name="compose")
    except SystemExit as done:
        end_process(done.code if isinstance(done.code, int) else int(done.code is not None))
        raise


def end_process(code: int) -> None:
    """End one of several processes of a run at once; does nothing where there is only one.

    The threads that serve the other processes now and then abort an interpreter that is being torn down, after all
    work is done and written, and torchrun then reports a failure.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
