"""From an exception to what the user reads, and the exit code.

2 for a bad spec or bad usage, 1 for a failed run, 130 for Ctrl-C. A traceback only with ``--debug``.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from compose.errors import MOST_ERRORS, ComposeError, RunError, SpecError, SpecErrors, reason_of, render_all
from compose.shown import message_text, printable_lines

if TYPE_CHECKING:
    from rich.text import Text

INTERRUPTED = 130
OUT_OF_MEMORY = "a smaller batch needs less: -s train.main.batch=16"

_ClickError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def explain(error: BaseException, *, debug: bool) -> int:
    """Print what went wrong and return the exit code."""
    if debug and not isinstance(error, _ClickError):
        for cause in _causes(error):
            _print("".join(traceback.format_exception(cause)).rstrip())
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return stopped()
    if isinstance(error, _ClickError):
        return _usage(error)
    if isinstance(error, SpecErrors):
        print_errors(error.errors)
        return error.exit_code
    if isinstance(error, SpecError):
        print_errors([error])
        return error.exit_code
    if isinstance(error, ComposeError):
        _message(str(error) if error.exit_code == INTERRUPTED else f"error: {error}")
        return error.exit_code
    return _other(error, debug=debug)


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and behind the mistakes of a spec what Python or a library raised."""
    mistakes = error.errors if isinstance(error, SpecErrors) else []
    return [error, *(mistake for mistake in mistakes if mistake.__cause__)]


def stopped() -> int:
    """Say that the user stopped the command."""
    _message("stopped")
    return INTERRUPTED


def print_errors(errors: Iterable[SpecError]) -> None:
    """Print the mistakes of a spec, each with its place, and their number where there are many."""
    listed = list(errors)
    _print(render_all(listed))
    if 1 < len(listed) <= MOST_ERRORS:
        _print(f"\n{len(listed)} errors")


def _usage(error: Exception) -> int:
    """Typer's own errors: an unknown command or option, a missing argument."""
    text = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    if not text or type(error).__name__ == "NoArgsIsHelpError":
        if text:
            _print(text)
        return 2
    _message(f"error: {text[:1].lower()}{text[1:].rstrip('.')}")
    if context is not None:
        _print(f"{context.get_usage()}\n`{context.command_path} --help` says more.")
    return 2


def _other(error: BaseException, *, debug: bool) -> int:
    """Exceptions that are none of ours: the machine's limits, and mistakes in the program."""
    name, text = type(error).__name__, (str(error).strip() or "no message").splitlines()[0]
    if isinstance(error, MemoryError) or name == "OutOfMemoryError":
        _message(f"error: out of memory; {OUT_OF_MEMORY}")
    elif isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        _message(f"error: {where}{reason_of(error)}")
    else:
        _message(f"unexpected error: {name}: {text}" + ("" if debug else "; run again with --debug"))
    return RunError.exit_code


def _message(text: str) -> None:
    _print(message_text(text))


def _print(text: str) -> None:
    from compose.cli.console import err
    from compose.processes.launched import is_first_to_speak

    if not is_first_to_speak():
        return
    console = err()
    console.print(_coloured(text) if console.is_terminal else text)


def _coloured(text: str) -> Text:
    from rich.text import Text

    shown = Text(printable_lines(text))
    shown.highlight_regex(r"(?m)^.*?\berror:", "bold red")
    shown.highlight_regex(r"(?m)^\S.*?:\d+:\d+: (?=error:)", "not bold default")
    shown.highlight_regex(r"(?m)^ +\| +\^+$", "bold red")
    shown.highlight_regex(r"(?m)^ +did you mean `(.*)`\?$", "green")
    shown.highlight_regex(r"\[[a-z0-9-]+\]$", "dim")
    shown.highlight_regex(r"(?m)^ *\d+ \|", "dim")
    return shown
