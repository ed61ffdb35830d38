"""Every mistake a user can make, as one small exception tree with fields.

Tools and tests read the fields; people read :func:`render`, which shows file, line and column, the line itself with a
caret, what was expected, and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any


@dataclass(frozen=True)
class Document:
    """A text that a spec was read from: a file, or an override of the command line."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A span on one line of a document; ``line`` and ``column`` count from 1."""

    document: Document
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Note:
    """A second place that belongs to an error, such as the first of two duplicate keys."""

    message: str
    place: Place | None = None


@dataclass(frozen=True)
class Fix:
    """A change of the spec that takes an error away; it was tried.

    Args:
        message: what it does.
        yaml: what is laid over the spec, as YAML: new nodes, and the lines that change.
    """

    message: str
    yaml: str


class ComposeError(Exception):
    """Base of all errors that end a command with one message instead of a traceback."""

    exit_code = 1


class RunError(ComposeError):
    """A run failed for a reason that the user can act on: data, memory, a checkpoint."""


class UsageError(ComposeError):
    """The command line asks for something that does not exist."""

    exit_code = 2


@dataclass
class SpecError(ComposeError):
    """One mistake in a spec.

    Args:
        code: a stable name of the kind of mistake, such as ``unknown-parameter``.
        message: what is wrong, in the field's words.
        place: where; None only where there is no text to point at (a file that does not exist).
        expected: what would have been right.
        nearest: the nearest valid name.
        notes: further places and facts.
        fixes: what would take it away, the cheapest first.
    """

    code: str
    message: str
    place: Place | None = None
    expected: str | None = None
    nearest: str | None = None
    notes: Sequence[Note] = field(default_factory=tuple)
    fixes: Sequence[Fix] = field(default_factory=tuple, kw_only=True)

    exit_code = 2

    def __str__(self) -> str:
        return render(self)


class SpecErrors(ComposeError):
    """All mistakes of a spec, in the order of the file."""

    exit_code = 2

    def __init__(self, errors: Iterable[SpecError]) -> None:
        self.errors = sorted(errors, key=_position)
        super().__init__("\n\n".join(map(render, self.errors)))


def _position(error: SpecError) -> tuple[str, int, int]:
    place = error.place
    return (place.document.name, place.line, place.column) if place else ("", 0, 0)


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that the writer most likely meant, or None where none is close."""
    options = list(valid)
    folded = {option.lower().replace("-", "_"): option for option in options}
    close = get_close_matches(name.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def printable(text: str) -> str:
    """A text of a user within a message: line breaks and other such characters as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def listed(things: Sequence[Any], *, show: Callable[[Any], str] = str, most: int = 5, between: str = ", ") -> str:
    """The first of some things, and how many more there are; as text only those are made that are shown."""
    more = f" and {len(things) - most:,} more" if len(things) > most else ""
    return between.join(map(show, things[:most])) + more


def excerpt(place: Place, *, width: int = 100) -> str:
    """The line of a place with a caret under its span; long lines are cut around the span."""
    lines = place.document.lines
    text = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    start = place.column - 1
    cut = max(0, start - width // 2) if len(text) > width else 0
    shown = "".join(char if char.isprintable() else " " for char in text[cut : cut + width])
    length = max(1, min(place.length, len(shown) - (start - cut)))
    margin = f"{place.line:5d} | "
    return f"{margin}{shown}\n{' ' * (len(margin) - 2)}| {' ' * (start - cut)}{'^' * length}"


def render(error: SpecError) -> str:
    """The message as a person reads it, without colour."""
    where = f"{error.place}: " if error.place else ""
    parts = [f"{where}error: {error.message} [{error.code}]"]
    if error.place:
        parts.append(excerpt(error.place))
    if error.expected:
        parts.append(f"      expected: {error.expected}")
    if error.nearest:
        parts.append(f"      did you mean `{error.nearest}`?")
    parts += [f"      {note.message}" + (f" ({note.place})" if note.place else "") for note in error.notes]
    parts += [line for fix in error.fixes for line in _fix_lines(fix)]
    return "\n".join(parts)


def _fix_lines(fix: Fix) -> list[str]:
    return [f"      would fit: {fix.message}", *(f"          {line}" for line in fix.yaml.splitlines())]


def as_json(error: SpecError) -> dict[str, Any]:
    """The error's fields for tools (``compose validate --format json``)."""
    return {
        "code": error.code,
        "message": error.message,
        **_place_json(error.place),
        "expected": error.expected,
        "nearest": error.nearest,
        "notes": [{"message": note.message, **_place_json(note.place)} for note in error.notes],
        "fixes": [{"message": fix.message, "yaml": fix.yaml} for fix in error.fixes],
    }


def _place_json(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": None, "line": None, "column": None, "length": None}
    return {"file": place.document.name, "line": place.line, "column": place.column, "length": place.length}
