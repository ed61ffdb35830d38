"""Large JSON files of one object with lists in it, read entry by entry: the whole is never in memory at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compose.data.source import DataError

_BLANKS = " \t\r\n"
_DECODER = json.JSONDecoder()


def read_object_text(path: Path) -> str:
    """The text of a file of one JSON object.

    Raises:
        DataError: it is none, or ends before its object does.
    """
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: expected JSON in UTF-8") from None
    if not text.lstrip().startswith("{"):
        raise DataError(f"{path}: expected one JSON object with `images`, `annotations` and `categories`")
    if not text.rstrip().endswith("}"):
        raise DataError(f"{path}: the file is cut off: the JSON object in it does not end")
    return text


def items_of(path: Path, text: str, key: str) -> Iterator[Any]:
    """The entries of a list in the one object of a file, one after the other.

    Raises:
        DataError: there is no such list, or what is in it is damaged.
    """
    at = _list_start(path, text, key)
    while True:
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return
        item, at = _decoded(path, text, at)
        yield item
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at += 1
        elif text[at : at + 1] != "]":
            raise DataError(f"{path}: the list `{key}` is damaged at character {at:,}")


def value_of(path: Path, entry: Any, key: str) -> Any:
    """What an entry has under a key.

    Raises:
        DataError: it has nothing there.
    """
    try:
        return entry[key]
    except (KeyError, TypeError):
        raise DataError(f"{path}: expected `{key}` in every entry, as in COCO's files of instances") from None


def _list_start(path: Path, text: str, key: str) -> int:
    """Where the first entry of the list under a key of the outermost object stands."""
    at = _skip(text, text.index("{") + 1)
    while text[at : at + 1] == '"':
        name, at = _decoded(path, text, at)
        at = _skip(text, _skip(text, at) + 1)  # behind the colon
        if name == key and text[at : at + 1] == "[":
            return at + 1
        at = _skip(text, _end(path, text, at))
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    raise DataError(f"{path}: expected a list `{key}`, as in COCO's files of instances")


def _end(path: Path, text: str, at: int) -> int:
    """Where the value that begins at a place ends; of a list each entry is decoded by itself."""
    if text[at : at + 1] != "[":
        return _decoded(path, text, at)[1]
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        at = _skip(text, _decoded(path, text, at)[1])
        at = _skip(text, at + 1) if text[at : at + 1] == "," else at
    return at + 1


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in _BLANKS and at < len(text):
        at += 1
    return at


def _decoded(path: Path, text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        line = text.count("\n", 0, at) + 1
        raise DataError(f"{path}:{line}: expected JSON, got something else; the file may be cut off") from None
