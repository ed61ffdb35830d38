"""COCO's annotation files: one JSON object with lists of images, annotations and categories, read piece by piece."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compose.data.json_items import items_of, read_object_text, value_of
from compose.data.pictures.annotations import PRESENT
from compose.data.publishers.column_cache import Columns
from compose.data.source import DataError


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
        text = read_object_text(path)
        found.row.clear()
        for image in items_of(path, text, "images"):
            found.row[value_of(path, image, "id")] = len(found.images)
            found.images.append(f"{folder}/{value_of(path, image, 'file_name')}".encode())
        for annotation in items_of(path, text, "annotations"):
            _add(path, annotation, number, found)
        splits[split] = np.arange(first, len(found.images))
    return {"images": np.array(found.images), **_labels(found), **splits}


def _add(path: Path, annotation: Any, number: dict[int, int], found: _Gathered) -> None:
    row = found.row.get(value_of(path, annotation, "image_id"))
    label = number.get(value_of(path, annotation, "category_id"))
    if row is None or label is None:
        what = "picture" if row is None else "category"
        raise DataError(f"{path}: annotation {annotation.get('id')} is of a {what} that the file does not list")
    left, top, width, height = value_of(path, annotation, "bbox")
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
    entries = list(items_of(path, text, "categories"))
    found = {str(value_of(path, entry, "name")): int(value_of(path, entry, "id")) for entry in entries}
    if not found:
        raise DataError(f"{path}: expected categories, got none")
    return dict(sorted(found.items(), key=lambda entry: entry[1]))
