"""Files that a spec names and that are read as a whole: what is none of them, or too large, is not waited for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MOST_LIST = 64 << 20
"""How many bytes a list of labels may have."""
MOST_TABLE = 1 << 30
"""How many bytes a table of labels may have."""


def why_unread(path: Path, most: int) -> str:
    """Why a file is not read; "" where it is, or where opening it says why not.

    Args:
        path: the file.
        most: how many bytes it may have.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        return "it is a pipe or a device"
    if path.is_file() and path.stat().st_size > most:
        return f"it is larger than {most >> 20:,} MiB"
    return ""


def json_of(text: str) -> Any:
    """What a text says in JSON.

    Raises:
        json.JSONDecodeError: it is no JSON, or has more levels than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise json.JSONDecodeError("Too many levels", text, 0) from None
