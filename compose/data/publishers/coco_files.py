"""COCO's annotation files: one JSON object with lists of images, annotations and categories, read piece by piece."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compose.data.pictures.annotations import PRESENT
from compose.data.publishers.column_cache import Columns
from compose.data.source import DataError

_BLANKS = " \t\r\n"
_DECODER = json.JSONDecoder()


@dataclass
class _Gathered:
    """What the files of all splits hold, picture after picture."""

    images: list[bytes] = field(default_factory=list)
    row: dict[int, int] = field(default_factory=dict)
    rows: array[int] = field(default_factory=lambda: array("q"))
    numbers: array[int] = field(default_factory=lambda: array("i"))
    sides: array[float] = field(default_factory=lambda: array("f"))
    crowd: array[int] = field(default_factory=lambda: array("b"))


def read_coco(files: Sequence[tuple[str, Path, str]], categories: Sequence[int]) -> Columns:
    """Which categories each picture shows, and the boxes.

    Args:
        files: of each split its name, its file, and the folder of its pictures.
        categories: the ids of the categories, in the order of their numbers.

    Raises:
        DataError: a file is cut off, or holds something else.
    """
    found, splits = _Gathered(), {}
    number = {category: place for place, category in enumerate(categories)}
    for split, path, folder in files:
        first = len(found.images)
        text = read_text(path)
        found.row.clear()
        for image in items(path, text, "images"):
            found.row[_of(path, image, "id")] = len(found.images)
            found.images.append(f"{folder}/{_of(path, image, 'file_name')}".encode())
        for annotation in items(path, text, "annotations"):
            _add(path, annotation, number, found)
        splits[split] = np.arange(first, len(found.images))
    return {"images": np.array(found.images), **_labels(found), **splits}


def _add(path: Path, annotation: Any, number: dict[int, int], found: _Gathered) -> None:
    row = found.row.get(_of(path, annotation, "image_id"))
    label = number.get(_of(path, annotation, "category_id"))
    if row is None or label is None:
        what = "picture" if row is None else "category"
        raise DataError(f"{path}: annotation {annotation.get('id')} is of a {what} that the file does not list")
    left, top, width, height = _of(path, annotation, "bbox")
    found.rows.append(row)
    found.numbers.append(label)
    found.sides.extend((left, top, left + width, top + height))
    found.crowd.append(annotation.get("iscrowd", 0))


def _labels(found: _Gathered) -> Columns:
    """Labels without repetition, picture after picture; and each box with the row and the label that it shows."""
    rows, numbers = np.array(found.rows, np.int64), np.array(found.numbers, np.int32)
    width = int(numbers.max(initial=0)) + 1
    pairs = np.unique(rows * width + numbers)
    single = np.array(found.crowd, np.int8) == 0  # a crowd's box is of many, and none of them by itself
    return {
        "starts": np.searchsorted(pairs, np.arange(len(found.images) + 1) * width).astype(np.int64),
        "numbers": (pairs % width).astype(np.int32),
        "values": np.full(len(pairs), PRESENT, np.int8),
        "box_rows": rows[single],
        "box_numbers": numbers[single],
        "box_sides": np.array(found.sides, np.float32).reshape(-1, 4)[single],
    }


def read_categories(path: Path, text: str) -> dict[str, int]:
    """The categories of a file: name -> id, in the order of their ids.

    Raises:
        DataError: there are none.
    """
    found = {str(_of(path, entry, "name")): int(_of(path, entry, "id")) for entry in items(path, text, "categories")}
    if not found:
        raise DataError(f"{path}: expected categories, got none")
    return dict(sorted(found.items(), key=lambda entry: entry[1]))


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        DataError: it is no text, or ends before its object does.
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


def items(path: Path, text: str, key: str) -> Iterator[Any]:
    """The objects of a list in the one object of a file, one after the other: the whole is never in memory at once.

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


def _list_start(path: Path, text: str, key: str) -> int:
    """Where the first entry of the list under a key of the outermost object stands."""
    at = _skip(text, text.index("{") + 1)
    while text[at : at + 1] == '"':
        name, at = _decoded(path, text, at)
        at = _skip(text, at)
        at = _skip(text, at + 1)  # the colon
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


def _of(path: Path, entry: Any, key: str) -> Any:
    try:
        return entry[key]
    except (KeyError, TypeError):
        raise DataError(f"{path}: expected `{key}` in every entry, as in COCO's files of instances") from None
