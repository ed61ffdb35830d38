"""Files of boxes in CSV, a row for each label of each box.

In Open Images' form: columns ``ImageID, LabelName, XMin, XMax, YMin, YMax`` with coordinates from 0 to 1. In a plain
form: ``image,label,left,top,right,bottom`` in pixels. Columns are found by name, and others passed over.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import Finding
from compose.data.pictures.labels.label_file import IMAGE_KEYS, LABEL_KEYS
from compose.data.quoted import titles_text
from compose.data.source import DataError


@dataclass(frozen=True)
class BoxForm:
    """A form of file.

    Args:
        image: what the column of the pictures may be called.
        label: what the column of the labels may be called.
        sides: the columns of left, top, right and bottom.
        relative: whether coordinates are shares of the picture's width and height; else they are pixels.
        slack: how far a box may reach out of the picture, as rounded coordinates do.
    """

    image: tuple[str, ...]
    label: tuple[str, ...]
    sides: tuple[str, str, str, str]
    relative: bool
    slack: float

    def columns(self, header: list[str]) -> list[int | None]:
        """Where picture, label and sides stand; None for what is missing."""
        lower = [name.lower() for name in header]
        wanted = (self.image, self.label, *((side,) for side in self.sides))
        return [next((i for i, name in enumerate(lower) if name in map(str.lower, names)), None) for names in wanted]

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [self.image[0], self.label[0], *self.sides]


OPEN_IMAGES = BoxForm(("ImageID",), ("LabelName",), ("XMin", "YMin", "XMax", "YMax"), relative=True, slack=1e-3)
PLAIN = BoxForm(IMAGE_KEYS, ("label", *LABEL_KEYS), ("left", "top", "right", "bottom"), relative=False, slack=1.0)


@dataclass(frozen=True)
class BoxHeader:
    """The first line of a file.

    Args:
        form: the form of file.
        delimiter: what stands between cells.
        width: cells in a row.
        columns: those of picture, label, left, top, right and bottom.
    """

    form: BoxForm
    delimiter: str
    width: int
    columns: tuple[int, ...]


def read_box_header(path: Path) -> BoxHeader:
    """The first line of a file.

    Raises:
        DataError: it names no columns of pictures, labels and sides. A file that cannot be read raises OSError.
    """
    with path.open("rb") as raw:
        if raw.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError(f"{path}: expected UTF-8, got UTF-16; save it as UTF-8 (in Excel: `CSV UTF-8`)")
    with open_boxes(path) as file:
        first = next((line for line in file if line.strip()), "").strip("\r\n")
    least: tuple[int, str] | None = None
    titles: list[str] = []
    for delimiter in ",;\t":
        header = [name.strip(' "') for name in first.split(delimiter)]
        titles = max(titles, header, key=len)
        for form in (OPEN_IMAGES, PLAIN):
            columns = form.columns(header)
            found = tuple(column for column in columns if column is not None)
            if len(found) == len(columns):
                return BoxHeader(form, delimiter, len(header), found)
            missing = [name for name, column in zip(form.names, columns, strict=True) if column is None]
            if least is None or len(missing) < least[0]:
                least = len(missing), f"; {', '.join(missing)} missing" if found else ""
    assert least is not None
    forms = " or ".join(", ".join(form.names) for form in (OPEN_IMAGES, PLAIN))
    raise DataError(f"{path}:1: expected the columns {forms}, got {titles_text(titles)}{least[1]}")


def open_boxes(path: Path) -> TextIO:
    """A file in UTF-8; bytes that are not become surrogates, so that reading goes on."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


@dataclass
class BoxRows:
    """The rows of a file that can be read, in order.

    Attributes:
        file: where they stand.
        form: the form of the file.
        images: picture as written -> number, in the order of first mention.
        labels: label as written -> number.
        problems: the lines that cannot be used, and why.
    """

    file: Path
    form: BoxForm
    images: dict[str, int] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)
    _image: array[int] = field(default_factory=lambda: array("i"))
    _label: array[int] = field(default_factory=lambda: array("i"))
    _line: array[int] = field(default_factory=lambda: array("i"))
    _sides: array[float] = field(default_factory=lambda: array("f"))

    def add(self, line: int, image: str, label: str, sides: tuple[float, ...]) -> None:
        """Add a row: left, top, right and bottom of a box."""
        self._image.append(self.images.setdefault(image, len(self.images)))
        self._label.append(self.labels.setdefault(label, len(self.labels)))
        self._line.append(line)
        self._sides.extend(sides)

    def problem(self, line: int, message: str) -> None:
        """Note that a line cannot be used."""
        self.problems.append(Finding(message, self.file, line))

    def first(self, numbers: NDArray[np.int32], number: int) -> int:
        """The line that mentions a picture or a label first."""
        return int(self.line[np.argmax(numbers == number)])

    @property
    def image(self) -> NDArray[np.int32]:
        """The number of each row's picture."""
        return np.frombuffer(self._image, np.int32)

    @property
    def label(self) -> NDArray[np.int32]:
        """The number of each row's label."""
        return np.frombuffer(self._label, np.int32)

    @property
    def line(self) -> NDArray[np.int32]:
        """Where each row stands."""
        return np.frombuffer(self._line, np.int32)

    @property
    def sides(self) -> NDArray[np.float32]:
        """Left, top, right and bottom of each row's box: ``rows 4``."""
        return np.frombuffer(self._sides, np.float32).reshape(-1, 4)


def read_boxes(path: Path, header: BoxHeader) -> BoxRows:
    """The rows of a file. Whatever cannot be used is among their problems."""
    rows = BoxRows(path, header.form)
    pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(*header.columns)
    with open_boxes(path) as file:
        for line, cells in _rows(file, header.delimiter, rows):
            if len(cells) != header.width:
                rows.problem(line, f"expected {header.width} cells as in the header, got {len(cells)}")
                continue
            image, label, left, top, right, bottom = pick(cells)
            try:
                rows.add(line, image, label, (float(left), float(top), float(right), float(bottom)))
            except ValueError:
                rows.problem(line, _no_number(header.form, (left, top, right, bottom)))
    _spoilt(rows)
    return rows


def sound(rows: BoxRows) -> NDArray[np.bool_]:
    """Which rows have a box that can be: sides in order, and inside the picture as far as the file tells; adds the
    others to the problems."""
    form, sides = rows.form, rows.sides
    finite = np.asarray(np.isfinite(sides).all(1))
    ordered = np.asarray((sides[:, :2] <= sides[:, 2:]).all(1))
    low, high = -form.slack, 1 + form.slack if form.relative else np.inf
    inside = ((sides >= low) & (sides <= high)).all(1)
    good: NDArray[np.bool_] = finite & ordered & inside
    for row in np.flatnonzero(~good).tolist():
        got = ", ".join(f"{name} {value:g}" for name, value in zip(form.sides, sides[row].tolist(), strict=True))
        if not finite[row]:
            expected = "finite numbers"
        elif not ordered[row]:
            expected = f"{form.sides[0]} <= {form.sides[2]} and {form.sides[1]} <= {form.sides[3]}"
        else:
            expected = "coordinates inside the picture, " + ("from 0 to 1" if form.relative else "from 0 on")
        rows.problem(int(rows.line[row]), f"expected {expected}, got {got}")
    return good


def _rows(file: TextIO, delimiter: str, rows: BoxRows) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header and the line each begins at; those that cannot be read are problems."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    line, header = 0, True
    while True:
        try:
            for cells in reader:
                line, begun = reader.line_num, line + 1
                if header:
                    header = not "".join(cells).strip()
                elif len(cells) > 1 or "".join(cells).strip():
                    yield begun, cells
            return
        except csv.Error as error:
            line, begun = reader.line_num, line + 1
            rows.problem(begun, f"not CSV: {error}")


def _no_number(form: BoxForm, cells: tuple[str, ...]) -> str:
    for name, cell in zip(form.sides, cells, strict=True):
        try:
            float(cell)
        except ValueError:
            return f"expected a number for `{name}`, got `{_shown(cell.strip())}`"
    raise AssertionError(cells)


def _spoilt(rows: BoxRows) -> None:
    """Names that are empty or not UTF-8 are problems, each at its first mention."""
    for names, numbers, what in ((rows.images, rows.image, "picture"), (rows.labels, rows.label, "label")):
        for name, number in names.items():
            if not name.strip():
                rows.problem(rows.first(numbers, number), f"no {what} is named")
            elif not name.isascii() and _shown(name) != name:
                message = f"expected UTF-8, got `{_shown(name)}`; save the file as UTF-8"
                rows.problem(rows.first(numbers, number), message)


def _shown(text: str) -> str:
    """With a mark in place of bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
