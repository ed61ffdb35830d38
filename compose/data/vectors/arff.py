"""ARFF, Weka's format for tables: a header of attributes, then rows.

Rows are dense (``1,0,3``) or sparse (``{0 1,2 3}``); ``?`` is a value that is missing. Every row that cannot be used is
a problem with its line number, and reading goes on.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite, nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import Finding
from compose.data.source import DataError
from compose.data.vectors.sparse_rows import SparseRows

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_KIND = r"\{.*\}|[a-z]+\s*[\[(].*[\])]|date\s.*|\S+"
"""Values, a word and a range (``real [0,1]``), or a word alone; the form of a date may follow it."""
_ATTRIBUTE = re.compile(rf"@attribute\s+({_QUOTED}|[^\s{{]+)\s*({_KIND})\s*$", re.IGNORECASE)
_CELL = re.compile(rf"\s*({_QUOTED}|[^,]*?)\s*(?:,|$)")
_PAIR = re.compile(rf"\s*((?:{_QUOTED}|[^,'\"])*)(?:,|$)")
_CODE = re.compile(rf"(?:{_QUOTED}|[^%])*")
NUMERIC = ("numeric", "real", "integer")
WORDS = ("string", "date")
MISSING = "?"


@dataclass(frozen=True)
class Attribute:
    """A column of the table.

    Args:
        name: its name, without quotes.
        values: the values that it may have, as written; empty where it is numeric, or of words.
        of_words: whether it is text, a date, or one of several words, of which no numbers are made; it reads as 0.
    """

    name: str
    values: tuple[str, ...] = ()
    of_words: bool = False

    @property
    def unsaid(self) -> float:
        """What a sparse row means that leaves it out: 0, and where its values are declared the first of them."""
        return self.numbers[self.values[0]] if self.values else 0.0

    @cached_property
    def textual(self) -> bool:
        """Whether its values are words, and not numbers."""
        return not all(_is_finite(value) for value in self.values)

    @cached_property
    def numbers(self) -> dict[str, float]:
        """What its values mean: the number that they are, or their place among them. Empty where it is numeric."""
        return {value: float(place if self.textual else value) for place, value in enumerate(self.values)}


@dataclass(frozen=True)
class Header:
    """What stands above the rows.

    Args:
        path: the file.
        attributes: the columns, in order.
        rows: the number of the line ``@data``.
    """

    path: Path
    attributes: tuple[Attribute, ...]
    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(attribute.name for attribute in self.attributes)


def read_header(path: Path) -> Header:
    """The header of a file.

    Raises:
        DataError: the file cannot be read, or is no ARFF file of numbers; the line is named.
    """
    attributes: list[Attribute] = []
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
            for number, line in enumerate(file, 1):
                found = _declared(line)
                if found == "data":
                    _check_names(path, attributes)
                    return Header(path, tuple(attributes), number)
                if isinstance(found, Attribute):
                    attributes.append(found)
                elif found:
                    raise DataError(f"{path}:{number}: {found}")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None
    raise DataError(f"{path}: expected an ARFF file with a line `@data`, but there is none")


def cells(text: str) -> list[str]:
    """What stands between the commas of a row, without quotes."""
    if "'" not in text and '"' not in text:
        return [cell.strip() for cell in text.split(",")]
    found, at = [], 0
    while match := _CELL.match(text, at):
        found.append(unquoted(match[1]))
        at = match.end()
        if at == len(text):
            return [*found, ""] if text.endswith(",") else found
    raise ValueError(f"expected a comma after {found[-1] if found else text[:20]}")


def unquoted(text: str) -> str:
    """A name or value as it is meant: a backslash counts only between quotes."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def without_comment(line: str) -> str:
    """A line up to its comment."""
    found = _CODE.match(line) if "%" in line else None
    return (found[0] if found else line).strip()


def _declared(line: str) -> Attribute | str | None:
    """The attribute of a line, ``data`` at the end of the header, nothing, or what is wrong."""
    line = without_comment(line)
    keyword = line[:10].split()[0].lower() if line else ""
    if keyword in ("", "@relation"):
        return None
    if keyword == "@data":
        return "data"
    spoilt = next((char for char in line if "\udc80" <= char <= "\udcff"), None)
    if spoilt:
        byte = f"the byte 0x{ord(spoilt) - 0xDC00:02x} in column {line.index(spoilt) + 1}"
        return f"expected UTF-8, got {byte}; save the file as UTF-8"
    match = _ATTRIBUTE.match(line)
    if not match:
        got = f"`{line[:60]}`" if line.startswith("@") else "another line"
        return f"expected `@attribute NAME numeric` or `@attribute NAME {{0,1}}`, got {got}"
    return _attribute(unquoted(match[1]), match[2])


def _attribute(name: str, kind: str) -> Attribute | str:
    if kind.startswith("{"):
        attribute = Attribute(name, tuple(cells(kind[1:-1])))
        several = attribute.textual and len(attribute.values) != 2
        return Attribute(name, of_words=True) if several else attribute
    word = re.split(r"[\s\[(]", kind, maxsplit=1)[0].lower()
    if word not in (*NUMERIC, *WORDS):
        return f"expected `numeric`, `string`, or values such as {{0,1}} for `{name}`, got `{kind[:60]}`"
    return Attribute(name, of_words=word in WORDS)


def _is_finite(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def _check_names(path: Path, attributes: list[Attribute]) -> None:
    twice = [name for name, times in Counter(a.name for a in attributes).items() if times > 1]
    if twice or not attributes:
        problem = (
            f"the attribute `{twice[0]}` is declared twice" if twice else "expected attributes, but there are none"
        )
        raise DataError(f"{path}: {problem}")


@dataclass
class ArffRows:
    """The rows of a file.

    Args:
        header: what stands above them.

    Attributes:
        problems: the rows that cannot be used, and why.
    """

    header: Header
    problems: list[Finding] = field(default_factory=list)
    _lines: array[int] = field(default_factory=lambda: array("q"))
    _rows: array[int] = field(default_factory=lambda: array("q"))
    _columns: array[int] = field(default_factory=lambda: array("q"))
    _values: array[float] = field(default_factory=lambda: array("d"))

    def add(self, number: int, text: str) -> None:
        """Read a line.

        Args:
            number: its number.
            text: what it says, without a comment.
        """
        try:
            columns, values = self._sparse(text) if text.startswith("{") else self._dense(text)
        except ValueError as error:
            self.problems.append(Finding(str(error), self.header.path, number))
            return
        self._rows.extend([len(self._lines)] * len(columns))
        self._lines.append(number)
        self._columns.extend(columns)
        self._values.extend(values)

    def table(self) -> SparseRows:
        """Rows by attributes: what is not 0; NaN where a value is missing. Finds values that may not be."""
        rows, columns, values = (np.array(each) for each in (self._rows, self._columns, self._values))
        self.problems += [
            Finding(
                f"expected {_expected(self.header.attributes[columns[at]])}, got `{values[at]:g}`",
                self.header.path,
                line,
            )
            for at in np.flatnonzero(self._strange(columns, values))
            if (line := self._lines[rows[at]])
        ]
        there = values != 0
        shape = len(self._lines), len(self.header.attributes)
        return SparseRows.of(rows[there], columns[there], values[there].astype(np.float32), shape=shape)

    def _dense(self, text: str) -> tuple[range, list[float]]:
        found, attributes = cells(text), self.header.attributes
        if len(found) == 1 < len(attributes):
            found = text.split()  # Weka takes blanks for commas
        if len(found) != len(attributes):
            raise ValueError(f"expected {len(attributes):,} values, got {len(found):,}")
        return range(len(found)), [_number(cell, each) for cell, each in zip(found, attributes, strict=True)]

    def _sparse(self, text: str) -> tuple[list[int], list[float]]:
        if not text.endswith("}"):
            raise ValueError(f"expected a closing brace after `{text[-20:]}`")
        pairs = [_pair(cell) for cell in _parts(text[1:-1])] if text[1:-1].strip() else []
        columns, attributes = [column for column, _ in pairs], self.header.attributes
        wrong = [column for column in columns if not 0 <= column < len(attributes)]
        if wrong:
            raise ValueError(f"expected attributes from 0 to {len(attributes) - 1:,}, got {wrong[0]}")
        if len(set(columns)) < len(columns):
            raise ValueError("an attribute is given twice")
        said = [_number(value, attributes[column]) for column, value in pairs]
        unsaid = self._unsaid.keys() - set(columns) if self._unsaid else ()
        return [*columns, *unsaid], [*said, *(self._unsaid[column] for column in unsaid)]

    @cached_property
    def _unsaid(self) -> dict[int, float]:
        """The columns that are not 0 where a sparse row leaves them out, and what they are then."""
        return {column: each.unsaid for column, each in enumerate(self.header.attributes) if each.unsaid}

    def _strange(self, columns: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether a value is none of its attribute's."""
        kinds = {attribute.values: attribute for attribute in self.header.attributes}
        number = {values: kind for kind, values in enumerate(kinds)}
        kind_of = np.array([number[attribute.values] for attribute in self.header.attributes])[columns]
        strange = np.isinf(values)
        for kind, attribute in enumerate(kinds.values()):
            if attribute.values:
                allowed = np.isin(values, list(attribute.numbers.values())) | np.isnan(values)
                strange |= (kind_of == kind) & ~allowed
        return strange


def read_rows(header: Header) -> tuple[SparseRows, list[Finding]]:
    """The rows of a file, and what is wrong with them.

    Returns:
        Rows by attributes, NaN where a value is missing, without the rows that cannot be read; and the problems.

    Raises:
        DataError: the file cannot be read, or has no rows.
    """
    rows = ArffRows(header)
    try:
        with header.path.open(encoding="utf-8-sig", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if number > header.rows and (text := without_comment(line)):
                    rows.add(number, text)
    except OSError as error:
        raise DataError(f"{header.path}: cannot be read ({error.strerror})") from None
    table = rows.table()
    if not len(table) and not rows.problems:
        raise DataError(f"{header.path}: expected rows after `@data`, but there are none")
    return table, rows.problems


def _parts(text: str) -> list[str]:
    """What stands between the commas of a sparse row, with its quotes."""
    if "'" not in text and '"' not in text:
        return text.split(",")
    found, at = [], 0
    while match := _PAIR.match(text, at):
        found.append(match[1])
        at = match.end()
        if at == len(text):
            return [*found, ""] if text.endswith(",") else found
    raise ValueError(f"expected a quote to be closed after `{text[at : at + 20].strip()}`")


def _pair(cell: str) -> tuple[int, str]:
    """The number of an attribute, and its value."""
    pair = cell.split(None, 1)
    if len(pair) < 2 or not (pair[0].isascii() and pair[0].isdigit()):
        raise ValueError(f"expected the number of an attribute and its value, got `{cell.strip()[:40]}`")
    return int(pair[0]), cells(pair[1])[0]


def _number(cell: str, attribute: Attribute) -> float:
    if attribute.of_words:
        return 0.0
    if cell == MISSING:
        return nan
    try:
        return attribute.numbers[cell] if attribute.textual else float(cell)
    except (KeyError, ValueError):
        raise ValueError(f"expected {_expected(attribute)}, got `{cell[:40]}`") from None


def _expected(attribute: Attribute) -> str:
    return f"{' or '.join(attribute.values) or 'a number'} for `{attribute.name}`"
