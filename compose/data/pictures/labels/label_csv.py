"""Label files in CSV.

With a column of labels: a header ``image,labels`` and rows such as ``a.jpg,cat;dog``; columns ``absent`` and ``split``
may follow. With a row for each label of a picture: a header ``image,label``, or ``ImageID,LabelName,Confidence`` as in
Open Images. With a column for each label: a header ``image,cat,dog`` and rows such as ``a.jpg,1,0``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterator
from operator import itemgetter
from pathlib import Path
from typing import cast

from compose.data.label_list import meant
from compose.data.pictures.annotations import ABSENT, PRESENT, UNKNOWN, Finding
from compose.data.pictures.labels.label_columns import (
    EMPTY,
    VALUES,
    columns_of_text,
    is_missing,
    is_nameless,
    listed_names,
)
from compose.data.pictures.labels.label_file import (
    IMAGE_KEYS,
    LABEL_KEYS,
    ROW_KEYS,
    SEPARATORS,
    LabelReading,
    RowWriter,
    label_name,
)
from compose.data.pictures.labels.label_rows import LabelRows
from compose.data.quoted import short, titles_text
from compose.data.source import DataError
from compose.errors import listed, nearest

_CONFIDENCES = {"1": PRESENT, "1.0": PRESENT, "0": ABSENT, "0.0": ABSENT}


def read_csv(path: Path, text: str, spoilt: set[int], rows: RowWriter, how: LabelReading) -> None:
    """Write the rows of a CSV file.

    Args:
        path: the file, for messages.
        text: what is in it.
        spoilt: lines to pass over.
        rows: where rows go.
        how: how it is to be read.

    Raises:
        DataError: the header does not say where pictures and labels are.
    """
    header, delimiter = _header(path, text)
    labels = _column(header, LABEL_KEYS)
    if labels is None:
        table: _Lists | _Table = _Table(header, rows, _label_columns(path, text, delimiter, header, rows, how))
    else:
        table = _Lists(header, labels, rows, how)
    for line, cells in _rows(text, delimiter, after_header=True):
        if isinstance(cells, str):
            rows.into.problem(line, cells)
        elif line in spoilt:
            continue
        elif len(cells) != len(header):
            rows.into.problem(line, f"expected {len(header)} cells as in the header, got {len(cells)}")
        else:
            table.row(line, cells)
    table.end()


class _Lists:
    """A file with a column of labels."""

    def __init__(self, header: list[str], labels: int, rows: RowWriter, how: LabelReading) -> None:
        image = _column(header, IMAGE_KEYS)
        assert image is not None
        self.image, self.labels, self.rows, self.separator = image, labels, rows, how.separator
        self.split, self.absent = _column(header, ("split",)), _column(header, ("absent",))
        self.confidence = _column(header, ("confidence",))
        self.many = LabelRows(rows) if header[labels].lower() in ROW_KEYS and self.absent is None else None

    def row(self, line: int, cells: list[str]) -> None:
        """Read a row."""
        image = cells[self.image].strip()
        split = self.rows.split(line, None if self.split is None else cells[self.split])
        if not image:
            self.rows.into.problem(line, "no picture is named")
        elif split is not None:
            try:
                present, absent = self._present_and_absent(line, cells)
            except ValueError as error:
                self.rows.into.problem(line, str(error))
                return
            write = self.rows.lists if self.many is None else self.many.add
            write(line, image, present, absent, split)

    def end(self) -> None:
        """Write what is held back to the end of the file."""
        if self.many is not None:
            self.many.write()

    def _present_and_absent(self, line: int, cells: list[str]) -> tuple[list[str], list[str]]:
        names = self._names(line, cells[self.labels])
        absent = [] if self.absent is None else self._names(line, cells[self.absent])
        if self.confidence is None or not (cell := cells[self.confidence].strip()):
            return names, absent
        said = _CONFIDENCES.get(cell)
        if said is None:
            column = "a column of another name is passed over"
            raise ValueError(f"expected a confidence of 1 (present) or 0 (absent), got `{short(cell)}`; {column}")
        return (names, absent) if said == PRESENT else ([], [*names, *absent])

    def _names(self, line: int, cell: str) -> list[str]:
        names = [] if is_missing(cell) else listed_names(cell)
        if names is not None:
            return names
        separators, into = self.separator or SEPARATORS, self.rows.into
        for character in separators:
            into.separated = into.separated or character in cell
            cell = cell.replace(character, separators[0])
        found = [name for part in cell.split(separators[0]) if (name := label_name(part))]
        if self.separator is None and len(found) == 1 and found[0] not in into.cells:
            into.cells[found[0]] = Finding("", into.files[-1], line)
        return found


class _Table:
    """A file with a column for each label."""

    def __init__(self, header: list[str], rows: RowWriter, columns: list[int]) -> None:
        image = _column(header, IMAGE_KEYS)
        assert image is not None
        self.header, self.image, self.rows, self.columns = header, image, rows, columns
        self.split = _column(header, ("split",))
        # At C's speed, for tables of many columns; the picture's, twice, makes it a tuple where there is none or one.
        self.pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(*columns, image, image)
        self.numbers = [rows.into.number(label_name(header[i]), 1) for i in columns]
        self.wrong: set[int] = set()

    def row(self, line: int, cells: list[str]) -> None:
        """Write a row."""
        image = cells[self.image].strip()
        split = self.rows.split(line, None if self.split is None else cells[self.split])
        if not image:
            self.rows.into.problem(line, "no picture is named")
        elif split is not None:
            self._values(line, image, cells, split)

    def end(self) -> None:
        """Nothing is held back."""

    def _values(self, line: int, image: str, cells: list[str], split: str) -> None:
        written = list(map(VALUES.get, self.pick(cells)))[:-2]
        if None in written:  # a cell with spaces around, or a wrong one
            written = [VALUES.get(cells[i].strip()) for i in self.columns]
        if None in written:
            self._refuse(line, self.columns[written.index(None)], cells)
            return
        numbers, values = self.numbers, cast(list[int], written)
        if EMPTY in values:
            numbers = [number for number, value in zip(numbers, values, strict=True) if value != EMPTY]
            values = [value for value in values if value != EMPTY]
        self.rows.into.add(image, numbers, values, rest=UNKNOWN, split=split, line=line)

    def _refuse(self, line: int, column: int, cells: list[str]) -> None:
        name = self.header[column]
        message = f"expected 1, 0, -1 or nothing for `{name}`, got `{short(cells[column].strip())}`"
        hint = "" if column in self.wrong else f"; if it is no label: `ignore: [{name}]`"
        self.wrong.add(column)
        self.rows.into.problem(line, message + hint)


def _label_columns(
    path: Path, text: str, delimiter: str, header: list[str], rows: RowWriter, how: LabelReading
) -> list[int]:
    """The columns of labels; what is left out of the others is noted.

    Raises:
        DataError: there are none.
    """
    others = {_column(header, IMAGE_KEYS), _column(header, ("split",))}
    named = [i for i, name in enumerate(header) if i not in others and not is_nameless(name)]
    nameless = len(header) - len(named) - len(others - {None})
    if nameless:
        rows.into.note(1, f"columns without a name are left out: {nameless}")
    how.columns.update(header[i] for i in named)
    named = [i for i in named if header[i] not in how.ignore]
    if how.vocabulary is not None:
        named = _known(path, header, named, rows, how.vocabulary)
    every = (row for _, row in _rows(text, delimiter, after_header=True) if not isinstance(row, str))
    texts = columns_of_text(every, named)
    shown = listed([f"`{header[i]}` (`{short(cell)}`)" for i, cell in texts.items()])
    if texts and len(texts) == len(named):
        raise DataError(
            f"{path}:1: expected a column `labels`, or one for each label with 1, 0, -1 or nothing, got {shown}"
        )
    if texts:
        rows.into.note(1, f"columns whose cells are no 1, 0, -1 or nothing are no labels and left out: {shown}")
    columns = [i for i in named if i not in texts]
    if not columns:
        raise DataError(f"{path}:1: expected a column `labels`, or one for each label, got {listed(header)} alone")
    return columns


def _known(
    path: Path, header: list[str], columns: list[int], rows: RowWriter, vocabulary: Collection[str]
) -> list[int]:
    """Of columns those of the vocabulary's labels; the others are noted.

    Raises:
        DataError: most labels of the vocabulary have no column.
    """
    known = [i for i in columns if label_name(header[i]) in vocabulary]
    if 2 * len(known) < len(vocabulary):
        told = f"of the {len(vocabulary):,} lines of the vocabulary, {len(known):,} are columns"
        raise DataError(f"{path}:1: {told}; expected a list of the data's labels, one a line")
    strange = [label_name(header[i]) for i in columns if i not in set(known)]
    if strange:
        shown = listed(strange, show=lambda name: f"`{name}`{meant(name, list(vocabulary))}")
        rows.into.note(1, f"columns that are not in the vocabulary are left out: {shown}")
    return known


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    """The column of one of these names; where there are several, of the first name."""
    lower = [name.lower() for name in header]
    return next((lower.index(name) for name in names if name in lower), None)


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
    twice = sorted({name for name in header if header.count(name) > 1 and not is_nameless(name)})
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
