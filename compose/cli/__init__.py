"""The command line: one file for each command, nothing heavy imported before a command runs."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TextIO

COLLECTION = (100_000, 20, 50)
"""When Python looks for cycles of objects: rarely, as what a command imports is all kept, and looking it through again
and again takes a tenth of the time that ``validate`` takes."""


def main() -> None:
    """Run the command that the arguments of this process name."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        # A model may have weights that a stage does not train, and torch wonders in every process where it has none.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from compose.cli.app import app

    gc.set_threshold(*COLLECTION)
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()  # as with `>&-`
    try:
        app(prog_name="compose")
    except SystemExit as done:
        end_process(done.code if isinstance(done.code, int) else int(done.code is not None))


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def end_process(code: int) -> None:
    """End the process when its threads and exit handlers are done, without taking the interpreter down.

    To free every object of torch one by one takes a third as long as to import it. And where several processes share a
    run, the threads that serve the others now and then abort an interpreter that is being taken down, after all work is
    done and written, and torchrun then reports a failure.
    """
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.main_thread():
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # its reader has gone, or its disk is full
            stream.flush()
    os._exit(code)
