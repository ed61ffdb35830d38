"""What libraries say by themselves, as the user reads it: warnings and logs in a line each, never with a traceback."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

TRACEBACK = "Traceback (most recent call last)"
LIBRARIES = "site-packages"
OUR_OWN = Path(__file__).parents[2]


@contextmanager
def tamed_libraries() -> Iterator[None]:
    """Within it, warnings are notes, log records have no traceback, and a failing thread says one line."""
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    factory, thread, unraisable = logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook

    def one_line(*args: Any, **named: Any) -> logging.LogRecord:
        record = factory(*args, **named)
        record.msg, record.args = first_line(record.getMessage()), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return record

    shown = warnings.showwarning
    warnings.showwarning = _warn
    logging.setLogRecordFactory(one_line)
    threading.excepthook, sys.unraisablehook = _of_a_thread, _of_a_destructor
    try:
        yield
    finally:
        warnings.showwarning = shown
        logging.setLogRecordFactory(factory)
        threading.excepthook, sys.unraisablehook = thread, unraisable


def first_line(text: str) -> str:
    """What a message says before any traceback."""
    from compose.shown import message_text

    lines = text.partition(TRACEBACK)[0].strip().splitlines() or text.strip().splitlines()[-1:]
    return message_text(lines[0]) if lines else ""


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning with its line only where that is the user's own."""
    is_theirs = LIBRARIES not in filename and not Path(filename).is_relative_to(OUR_OWN) and Path(filename).is_file()
    _tell(f"{first_line(str(message))}{f' ({filename}:{lineno})' if is_theirs else ''}")


def _of_a_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is not SystemExit:
        _tell(f"a thread ended with {failed.exc_type.__name__}: {first_line(str(failed.exc_value))}")


def _of_a_destructor(failed: sys.UnraisableHookArgs) -> None:
    _tell(f"passed over {failed.exc_type.__name__}: {first_line(str(failed.exc_value))}")


def _tell(text: str) -> None:
    from compose.cli.console import note

    note(text)
