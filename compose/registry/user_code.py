"""Code of the user's at work: what it prints does not mix with results, and it ends the program only by an error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dis import opmap
from types import TracebackType
from typing import NoReturn


@contextmanager
def at_work() -> Iterator[None]:
    """What runs inside is the user's: what it prints goes to standard error, and it does not end the program."""
    with redirect_stdout(sys.stderr), unending():
        yield


@contextmanager
def unending() -> Iterator[None]:
    """``os._exit`` raises inside, as ``sys.exit`` does, so that its line can be told."""
    leave, process = os._exit, os.getpid()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != process:  # a process that the code has started ends as it likes
            leave(status)
        raise SystemExit(f"os._exit({status})")

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = leave


def is_mistake(error: BaseException) -> bool:
    """Whether the user's code raised an exception; Ctrl-C, which may come at any line, is no mistake."""
    if not isinstance(error, KeyboardInterrupt):
        return True
    trace = _innermost(error)
    ours = trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("compose.")
    return is_raised(error) and not ours  # our handler of the signal raises it, too


def is_raised(error: BaseException) -> bool:
    """Whether a statement ``raise`` raised an exception, and no function that is not written in Python."""
    trace = _innermost(error)
    return trace is not None and trace.tb_frame.f_code.co_code[trace.tb_lasti] == opmap["RAISE_VARARGS"]


def _innermost(error: BaseException) -> TracebackType | None:
    """Where an exception was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def exception_text(error: BaseException) -> str:
    """The kind of an exception and the first line of what it says."""
    if isinstance(error, SystemExit):
        return "it ends the program"
    if isinstance(error, RecursionError):
        return "it calls itself without end"
    return f"{type(error).__name__}: {said_by(error).strip() or 'no message'}".splitlines()[0]


def said_by(error: BaseException) -> str:
    """What an exception says; "" where it cannot say it."""
    try:
        return str(error)
    except Exception:  # whatever a user's class does
        return ""
