"""Paths as users write them: ``~`` is their home, ``$NAME`` at the beginning a folder that the environment names."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

NO_HOME = "there is no user of that name; a folder that is called so is written ./~..."
NEITHER = "it is a pipe or a device, and neither a file nor a folder"
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})(?=[/\\]|$)")


def expanded(value: Any) -> Any:
    """A value with every path in it as the file system has it; what is no path stays as it is.

    A variable that names no folder stays, too: only a path is put in, as what is put in stands in messages.

    Args:
        value: what a spec sets a parameter to.
    """
    match value:
        case Path():
            return _path(value)
        case list() | tuple() if any(isinstance(item, Path) for item in value):
            return type(value)(map(expanded, value))
        case dict() if any(isinstance(item, Path) for item in value.values()):
            return {key: expanded(item) for key, item in value.items()}
    return value


def _path(path: Path) -> Path:
    found = _VARIABLE.match(str(path))
    if found is not None:
        folder = os.environ.get(found[1] or found[2], "")
        return Path(folder + str(path)[found.end() :]) if os.path.isabs(folder) else path
    try:
        return path.expanduser()
    except RuntimeError:  # no home of that name
        return path


def unusable(value: Any) -> str:
    """Why a path in a value is never read; "" where none is such, or where opening it says why not."""
    match value:
        case dict():
            held = [*value.values()]
        case list() | tuple():
            held = [*value]
        case _:
            held = [value]
    paths = [path for path in held if isinstance(path, Path)]
    return next((f"{path}: {why}" for path in paths if (why := _why_unusable(path))), "")


def _why_unusable(path: Path) -> str:
    if str(path).startswith("~"):
        return NO_HOME
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:  # a path that no file can have
        return str((isinstance(error, OSError) and error.strerror) or error).lower()
    return "" if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else NEITHER
