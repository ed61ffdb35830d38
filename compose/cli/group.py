"""The root of the command line: every way in which a command can end is dealt with here."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from typer.core import TyperGroup

from compose import __version__
from compose.cli.console import echo
from compose.cli.failures import explain, stopped
from compose.cli.printing.library_output import tamed_libraries
from compose.errors import UsageError

DEBUG = "--debug"
DATA_ROOT = "--data-root"
RESUME = "--resume"


class Commands(TyperGroup):
    """The group of all commands. Its ``main`` turns exceptions into messages and exit codes."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Run a command and leave the process with its exit code."""
        given = list(sys.argv[1:] if args is None else args)
        if "--version" in given[:1]:
            echo(f"compose {__version__}")
            raise SystemExit(0)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal without × gets a ?, not a traceback
        debug = DEBUG in given
        try:
            check_not_empty(given)
            words, root = without_data_root([word for word in given if word != DEBUG])
            words = with_resume_value(words)
            with data_root_named(root), nullcontext() if debug else tamed_libraries():
                code = super().main(words, *rest, **{**options, "standalone_mode": False})
                sys.stdout.flush()
        except Exception as error:
            raise SystemExit(explain(error, debug=debug)) from None
        if code == 130:  # typer's word for Ctrl-C
            stopped()
        raise SystemExit(code if isinstance(code, int) else 0)


def check_not_empty(words: Sequence[str]) -> None:
    """Refuse an empty argument: nothing that a command takes is empty, but a variable of the shell's may be unset.

    Raises:
        UsageError: there is one.
    """
    for index, word in enumerate(words):
        option, equals, value = word.partition("=")
        if not word.strip():
            before = words[index - 1] if index else ""
            after = f", after `{before}`," if before.startswith("-") else ""
            raise UsageError(f"argument {index + 1}{after} is empty; is a variable of the shell not set?")
        if option.startswith("--") and equals and not value.strip():
            raise UsageError(f"`{word}` has an empty value; is a variable of the shell not set?")


def without_data_root(words: list[str]) -> tuple[list[str], str]:
    """The arguments without ``--data-root FOLDER``, which is for every command, and the folder; "" where none is named.

    Raises:
        UsageError: no folder follows, or there is none of that name.
    """
    out, named, rest = [], "", iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option != DATA_ROOT:
            out.append(word)
            continue
        root = value if equals else next(rest, "")
        if not root or not os.path.isdir(os.path.expanduser(root)):
            raise UsageError(f"{DATA_ROOT}: expected the folder above those of data sets, got `{root}`")
        named = os.path.abspath(os.path.expanduser(root))
    return out, named


@contextmanager
def data_root_named(folder: str) -> Iterator[None]:
    """``COMPOSE_DATA`` names a folder while a command runs, for its processes, too; nothing changes where it is ""."""
    before = os.environ.get("COMPOSE_DATA")
    try:
        if folder:
            os.environ["COMPOSE_DATA"] = folder
        yield
    finally:
        if folder and before is None:
            os.environ.pop("COMPOSE_DATA", None)
        elif folder and before is not None:
            os.environ["COMPOSE_DATA"] = before


def with_resume_value(words: list[str]) -> list[str]:
    """The arguments with a bare ``--resume`` made ``--resume ""``: its value is optional, typer's never are."""
    out: list[str] = []
    for index, word in enumerate(words):
        out.append(word)
        if word == RESUME and (index + 1 == len(words) or words[index + 1].startswith("-")):
            out.append("")
    return out
