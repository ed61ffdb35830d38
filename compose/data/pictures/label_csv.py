"""Label files in CSV.

With a column of labels: a header ``image,labels`` and rows such as ``a.jpg,cat;dog``; columns ``absent`` and ``split``
may follow. With a column for each label: a header ``image,cat,dog`` and rows such as ``a.jpg,1,0``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import cast

from compose.data.pictures.annotations import ABSENT, PRESENT, UNKNOWN, ZERO
from compose.data.pictures.label_file import IMAGE_KEYS, LABEL_KEYS, RowWriter, label_name
from compose.data.quoted import short, titles_text
from compose.data.source import DataError
from compose.errors import nearest

_EMPTY = 9
_CELLS = {"": _EMPTY, "1": PRESENT, "-1": ABSENT, "0": ZERO, "1.0": PRESENT, "-1.0": ABSENT, "0.0": ZERO}


def read_csv(path: Path, text: str, spoilt: set[int], rows: RowWriter, *, separator: str) -> None:
    """Write the rows of a CSV file.

    Args:
        path: the file, for messages.
        text: what is in it.
        spoilt: lines to pass over.
        rows: where rows go.
        separator: the characters that separate labels in a cell.

    Raises:
        DataError: the header does not say where pictures and labels are.
    """
    header, delimiter = _header(path, text)
    table = _Table(header, rows, separator)
    for line, cells in _rows(text, delimiter, after_header=True):
        if isinstance(cells, str):
            rows.into.problem(line, cells)
        elif line not in spoilt:
            table.row(line, cells)


class _Table:
    """The columns of a file."""

    def __init__(self, header: list[str], rows: RowWriter, separator: str) -> None:
        self.header, self.rows, self.separator, self.width = header, rows, separator, len(header)
        self.image = _column(header, IMAGE_KEYS)
        self.split = _column(header, ("split",))
        self.labels = _column(header, LABEL_KEYS)
        self.absent = _column(header, ("absent",))
        others = [i for i in range(self.width) if i not in (self.image, self.split)]
        self.columns = others if self.labels is None else []
        # At C's speed, for tables of many columns; the picture's, twice, makes it a tuple where there is none or one.
        self.pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(*self.columns, self.image, self.image)
        self.numbers = [rows.into.number(label_name(header[i]), 1) for i in self.columns]

    def row(self, line: int, cells: list[str]) -> None:
        """Write a row."""
        if len(cells) != self.width:
            self.rows.into.problem(line, f"expected {self.width} cells as in the header, got {len(cells)}")
            return
        assert self.image is not None
        image = cells[self.image].strip()
        split = self.rows.split(line, None if self.split is None else cells[self.split])
        if not image:
            self.rows.into.problem(line, "no picture is named")
        elif split is not None and self.labels is not None:
            absent = [] if self.absent is None else self._names(cells[self.absent])
            self.rows.lists(line, image, self._names(cells[self.labels]), absent, split)
        elif split is not None:
            self._values(line, image, cells, split)

    def _names(self, cell: str) -> list[str]:
        for character in self.separator:
            cell = cell.replace(character, self.separator[0])
        return [name for part in cell.split(self.separator[0]) if (name := label_name(part))]

    def _values(self, line: int, image: str, cells: list[str], split: str) -> None:
        written = list(map(_CELLS.get, self.pick(cells)))[:-2]
        if None in written:  # a cell with spaces around, or a wrong one
            written = [_CELLS.get(cells[i].strip()) for i in self.columns]
        if None in written:
            column = self.columns[written.index(None)]
            message = f"expected 1, 0, -1 or nothing for `{self.header[column]}`, got `{short(cells[column].strip())}`"
            self.rows.into.problem(line, message)
            return
        numbers, values = self.numbers, cast(list[int], written)
        if _EMPTY in values:
            numbers = [number for number, value in zip(numbers, values, strict=True) if value != _EMPTY]
            values = [value for value in values if value != _EMPTY]
        self.rows.into.add(image, numbers, values, rest=UNKNOWN, split=split, line=line)


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((i for i, name in enumerate(header) if name.lower() in names), None)


def _header(path: Path, text: str) -> tuple[list[str], str]:
    """The names of the columns, and the delimiter: that with which one of them names the pictures."""
    headers = []
    for delimiter in ",;\t":
        _, first = next(_rows(text, delimiter), (1, [""]))
        header = [first] if isinstance(first, str) else [name.strip() for name in first]
        if _column(header, IMAGE_KEYS) is not None:
            return _checked(path, header), delimiter
        headers.append(header)
    header = max(headers, key=len)
    close = nearest("image", header)
    hint = f"; did you mean it by `{close}`?" if close else ""
    raise DataError(f"{path}:1: expected a header with a column `image`, got {titles_text(header)}{hint}")


def _checked(path: Path, header: list[str]) -> list[str]:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path}:1: columns that occur twice: {', '.join(f'`{name}`' for name in twice)}")
    if not set(range(len(header))) - {_column(header, IMAGE_KEYS), _column(header, ("split",))}:
        raise DataError(f"{path}:1: expected a column `labels`, or one for each label, got {', '.join(header)} alone")
    return header


def _rows(text: str, delimiter: str, *, after_header: bool = False) -> Iterator[tuple[int, list[str] | str]]:
    """Rows and the line each begins at; in place of one that cannot be read, why. Empty lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, f"not CSV: {error}"
            continue
        if any(cell.strip() for cell in cells):
            if not after_header:
                yield line, cells
            after_header = False
