"""Pictures that have a row for each of their labels, put together."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from compose.data.pictures.annotations import ABSENT, PRESENT, UNLISTED
from compose.data.pictures.labels.label_file import RowWriter
from compose.data.pictures.picture_identity import posix


class LabelRows:
    """The rows of a file, held back until its end.

    Args:
        rows: where they go then, one for each picture, in the order of their first rows.
    """

    def __init__(self, rows: RowWriter) -> None:
        self._rows = rows
        self._images: dict[str, int] = {}
        self._names: list[str] = []
        self._splits: list[str] = []
        self._lines = array("i")
        self._again = 0
        self._image, self._label, self._value, self._line = array("i"), array("i"), array("b"), array("i")

    def add(self, line: int, image: str, present: Sequence[str], absent: Sequence[str], split: str) -> None:
        """Add a row: a picture, and labels that are present in it or absent from it."""
        number = self._images.setdefault(posix(image), len(self._images))
        if number == len(self._names):
            self._names.append(image)
            self._splits.append(split)
            self._lines.append(line)
        else:
            self._again += 1
            if split != self._splits[number]:
                here, there = split or "no split", self._splits[number] or "no split"
                message = f"{image} is in `{here}`, and in `{there}` at line {self._lines[number]}"
                self._rows.into.problem(line, message)
        for names, value in ((present, PRESENT), (absent, ABSENT)):
            for name in names:
                self._image.append(number)
                self._label.append(self._rows.into.number(name, line))
                self._value.append(value)
                self._line.append(line)

    def write(self) -> None:
        """Write a row for each picture, and note how many were put together."""
        into, starts = self._rows.into, np.zeros(len(self._names) + 1, np.int64)
        image = np.array(self._image, np.int64)
        order = np.argsort(image, kind="stable")
        starts[1:] = np.bincount(image, minlength=len(self._names)).cumsum()
        for number, name in enumerate(self._names):
            values = self._values(order[starts[number] : starts[number + 1]].tolist())
            line, split = self._lines[number], self._splits[number]
            into.add(name, values.keys(), values.values(), rest=UNLISTED, split=split, line=line)
        if self._again:
            total, pictures = len(self._names) + self._again, len(self._names)
            into.note(1, f"{total:,} rows are of {pictures:,} pictures: a picture has the labels of all its rows")

    def _values(self, places: Sequence[int]) -> dict[int, int]:
        """The value of each label of a picture; one that is both present and absent is a problem."""
        values: dict[int, int] = {}
        for place in places:
            label, value = self._label[place], self._value[place]
            if values.setdefault(label, value) != value:
                name = next(name for name, number in self._rows.into.names.items() if number == label)
                self._rows.into.problem(self._line[place], f"both present and absent: {name}")
        return values
