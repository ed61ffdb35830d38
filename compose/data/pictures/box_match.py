"""Which picture and which label each row of a file of boxes means."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError
from compose.data.label_list import meant
from compose.data.pictures.box_csv import BoxRows
from compose.data.pictures.label_file import label_name


def picture_rows(rows: BoxRows, images: Sequence[str]) -> NDArray[np.int64]:
    """The row in ``images`` of each picture number of the file, -1 where there is none.

    A file of boxes may leave out a picture's extension, its folder, or both; what is written in full comes first. A
    name that several pictures have then is a problem, and means none of them.

    Args:
        rows: the file.
        images: the pictures as the label files name them; of one listed twice the first row is meant.
    """
    wanted = {_plain(name) for name in rows.images}
    found: dict[str, tuple[int, int]] = {}
    several: dict[str, int] = {}
    for row, image in enumerate(images):
        path = _plain(image)
        for level, name in enumerate(_names(path)):
            if name not in wanted:
                continue
            held = found.get(name)
            if held is None or level < held[0]:
                found[name] = level, row
                several.pop(name, None)
            elif level == held[0] and _plain(images[held[1]]) != path:
                several[name] = row
    for image, number in rows.images.items():
        if (name := _plain(image)) in several:
            both = f"{images[found[name][1]]} or {images[several[name]]}"
            rows.problem(rows.first(rows.image, number), f"`{name}` may be {both}; name it in full")
    matched = (-1 if (name := _plain(image)) in several else found.get(name, (0, -1))[1] for image in rows.images)
    return np.fromiter(matched, np.int64, len(rows.images))


def label_columns(rows: BoxRows, names: Sequence[str], classes: Mapping[str, str]) -> NDArray[np.int64]:
    """The column of each label number of the file, -1 where the label is not among those of the data.

    Args:
        rows: the file.
        names: the labels of the data.
        classes: the names of machine ids.
    """
    place = {name: column for column, name in enumerate(names)}
    written = [label_name(label) for label in rows.labels]
    columns = [place.get(label, place.get(classes.get(label, ""), -1)) for label in written]
    return np.array(columns, np.int64)


def strangers(rows: BoxRows, names: Sequence[str], classes: Mapping[str, str]) -> str:
    """The message where no label of the file is among those of the data."""
    label = label_name(next(iter(rows.labels)))
    message = f"none of the {len(rows.labels):,} labels is among the {len(names):,} of the data, such as `{label}`"
    if label in classes:
        return f"{message}, which `box_names` calls `{classes[label]}`{meant(classes[label], names)}"
    if label.startswith("/m/"):
        unnamed = "it is not in `box_names`" if classes else "`box_names` may be a file that names Open Images' ids"
        return f"{message}; {unnamed}"
    return message + meant(label, names)


def read_class_names(path: Path, *, parameter: str) -> dict[str, str]:
    """Open Images' class descriptions: machine id -> name, with or without a header.

    Args:
        path: a CSV file of rows such as ``/m/01yrx,Cat``.
        parameter: whose value this is.

    Raises:
        BlockError: the file cannot be read, or has rows of another form.
    """
    try:
        with path.expanduser().open(encoding="utf-8-sig", newline="") as file:
            return dict(_pairs(path, csv.reader(file)))
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        message = f"expected a CSV file of rows such as `/m/01yrx,Cat`: {error}"
        raise BlockError(message, parameter=parameter) from None


def _pairs(path: Path, rows: Iterable[list[str]]) -> Iterator[tuple[str, str]]:
    for line, cells in enumerate(rows, 1):
        if len(cells) == 2:
            yield cells[0].strip(), label_name(cells[1])
        elif cells:
            raise ValueError(f"{path}:{line}: expected 2 cells, got {len(cells)}")


def _plain(name: str) -> str:
    return os.path.normpath(name.strip().replace("\\", "/"))


def _names(path: str) -> tuple[str, str, str, str]:
    """What a picture may be called: in full, without extension, without folder, without both."""
    last = path.rpartition("/")[2]
    return path, os.path.splitext(path)[0], last, os.path.splitext(last)[0]
