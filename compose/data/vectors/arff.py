"""The header of an ARFF file, Weka's format for tables: which attributes there are, and where the rows start."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path

from compose.data.source import DataError

_QUOTED = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_ATTRIBUTE = re.compile(rf"@attribute\s+({_QUOTED}|[^\s{{]+)\s*(\{{.*\}}|\S+)\s*$", re.IGNORECASE)
_CELL = re.compile(rf"\s*({_QUOTED}|[^,]*?)\s*(?:,|$)")
_CODE = re.compile(rf"(?:{_QUOTED}|[^%])*")
NUMERIC = ("numeric", "real", "integer")


@dataclass(frozen=True)
class Attribute:
    """A column of the table.

    Args:
        name: its name, without quotes.
        values: the values that it may have, as written; empty where it is numeric.
    """

    name: str
    values: tuple[str, ...] = ()

    @cached_property
    def textual(self) -> bool:
        """Whether its values are words, and not numbers."""
        return not all(_is_number(value) for value in self.values)

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
        byte = f"byte 0x{ord(spoilt) - 0xDC00:02x} after `{line.split(spoilt)[0][-20:]}`"
        return f"expected UTF-8, got {byte}; save the file as UTF-8"
    match = _ATTRIBUTE.match(line)
    if not match:
        return f"expected `@attribute NAME numeric` or `@attribute NAME {{0,1}}`, got `{line[:60]}`"
    return _attribute(unquoted(match[1]), match[2])


def _attribute(name: str, kind: str) -> Attribute | str:
    if kind.lower() in NUMERIC:
        return Attribute(name)
    if not kind.startswith("{"):
        return f"expected numbers or values such as {{0,1}} for `{name}`, got `{kind}`"
    attribute = Attribute(name, tuple(cells(kind[1:-1])))
    if attribute.textual and len(attribute.values) != 2:
        return f"expected numbers, or two values, for `{name}`, got `{kind[:60]}`"
    return attribute


def _is_number(text: str) -> bool:
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
