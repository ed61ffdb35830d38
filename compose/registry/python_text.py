"""Whether a file is a text that Python could read."""

from __future__ import annotations

import io
import tokenize
from dataclasses import dataclass
from pathlib import Path

from compose.errors import Document, Place
from compose.registry.python_place import shown_name


@dataclass(frozen=True)
class Unreadable:
    """Why a file is no text.

    Args:
        message: why.
        place: where.
    """

    message: str
    place: Place


def unreadable(path: Path) -> Unreadable | None:
    """Why a Python file is no text, at the first byte that is none; None where it is one."""
    data = path.read_bytes()
    if b"\0" in data:
        return _at(path, data, data.index(b"\0"), "this file is no text: it has a byte of value 0")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return _at(path, data, error.start, f"this file is no text in {error.encoding.upper()}")
    except SyntaxError as error:  # an encoding that Python does not know, or UTF-8 that it is not
        return _at(path, data, _first_wrong(data), f"this file is no text: {error.msg}")
    return None


def _first_wrong(data: bytes) -> int:
    """The first byte that is no UTF-8; 0 where all are."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _at(path: Path, data: bytes, byte: int, message: str) -> Unreadable:
    before = data[:byte].decode("utf-8", "replace")
    lines = tuple(data.decode("utf-8", "replace").split("\n"))
    column = len(before.rpartition("\n")[2]) + 1
    return Unreadable(message, Place(Document(shown_name(path), lines), before.count("\n") + 1, column))
