"""A file of boxes, read when it is first needed: which picture and label each row means, and what is wrong with it."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError
from compose.data.label_list import meant
from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.box_csv import PLAIN, BoxRows, sound
from compose.data.pictures.boxes import gather_boxes
from compose.data.pictures.labels.label_file import label_name
from compose.data.pictures.picture_identity import posix
from compose.data.pictures.picture_view import upright_size


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
    return os.path.normpath(posix(name.strip()))


def _names(path: str) -> tuple[str, str, str, str]:
    """What a picture may be called: in full, without extension, without folder, without both."""
    last = path.rpartition("/")[2]
    return path, os.path.splitext(path)[0], last, os.path.splitext(last)[0]


class BoxReport:
    """Reads a file of boxes.

    Args:
        path: the file.
        read: gives its rows.
        annotations: the pictures that they are in.
        names: the labels in the table.
        classes: the names of machine ids.

    Attributes:
        boxes: those that can be used.
        problems: the lines that cannot be used, in their order, and what is wrong with the file as a whole.
        notes: how many boxes are left out because they are of other pictures or labels, or show nothing.
    """

    def __init__(
        self,
        path: Path,
        read: Callable[[], BoxRows],
        annotations: Annotations,
        names: Sequence[str],
        classes: Mapping[str, str],
    ) -> None:
        self._images = annotations.images
        rows = read()
        good = sound(rows)
        row = picture_rows(rows, annotations.images)[rows.image]
        column = label_columns(rows, names, classes)[rows.label]
        extended = (rows.sides[:, :2] < rows.sides[:, 2:]).all(1)
        used = good & (row >= 0) & (column >= 0) & extended
        self.boxes = gather_boxes(
            row[used],
            column[used],
            rows.sides[used],
            rows.line[used],
            rows=len(annotations),
            labels=len(names),
            relative=rows.form.relative,
        )
        self._file = path
        self.problems = sorted(rows.problems, key=lambda finding: finding.line)
        self.problems += self._useless(rows, row, column, names, classes)
        strange = good & (row < 0), good & (row >= 0) & (column < 0), good & (row >= 0) & (column >= 0) & ~extended
        self.notes = self._left_out(len(good), [int(some.sum()) for some in strange])

    def outside(self, paths: Sequence[Path]) -> list[Finding]:
        """Boxes in pixels that do not fit into their pictures, whose sizes are read for it.

        Args:
            paths: the picture of each row of the annotations.
        """
        boxes = self.boxes
        if boxes.relative:
            return []
        counts = np.diff(boxes.starts)
        rows = np.flatnonzero(counts)
        with ThreadPoolExecutor() as pool:
            sizes = list(pool.map(lambda row: upright_size(paths[row]), rows.tolist()))
        limits = np.array([size or (np.inf, np.inf) for size in sizes]).reshape(-1, 2).repeat(counts[rows], 0)
        beyond = np.flatnonzero((boxes.sides[:, 2:] > limits + PLAIN.slack).any(1))
        return [self._beyond(box, np.repeat(rows, counts[rows])[box], limits[box].tolist()) for box in beyond.tolist()]

    def _beyond(self, box: int, row: int, limits: list[float]) -> Finding:
        width, height = limits
        right, bottom = self.boxes.sides[box, 2:].tolist()
        message = f"{self._images[row]} is {width:g} x {height:g} pixels, got right {right:g} and bottom {bottom:g}"
        return Finding(f"expected a box inside the picture: {message}", self._file, int(self.boxes.lines[box]))

    def _useless(
        self,
        rows: BoxRows,
        row: NDArray[np.int64],
        column: NDArray[np.int64],
        names: Sequence[str],
        classes: Mapping[str, str],
    ) -> list[Finding]:
        """Where no line can be used at all."""
        if not len(row):
            return [] if rows.problems else [Finding("expected boxes, got none", self._file)]
        if (row < 0).all():
            image = next(iter(rows.images))
            message = f"none of the {len(rows.images):,} pictures is in the label files, such as `{image}`"
            return [Finding(message, self._file, int(rows.line[0]))]
        if (column < 0).all():
            return [Finding(strangers(rows, names, classes), self._file, int(rows.line[0]))]
        return []

    def _left_out(self, total: int, counts: Sequence[int]) -> list[Finding]:
        reasons = ("of pictures that are not in the label files", "of labels that the data does not have", "of no area")
        given = [f"{count:,} {reason}" for count, reason in zip(counts, reasons, strict=True) if count]
        message = f"{sum(counts):,} of {total:,} boxes' rows are left out: {', '.join(given)}"
        return [Finding(message, self._file)] if given else []
