"""Every mistake a user can make, as one small exception tree with fields.

Tools and tests read the fields; people read :func:`render`, which shows file, line and column, the line itself with a
caret, what was expected, and the nearest valid name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from compose.shown import cut, message_text, printable, printable_lines, short_quotes

MOST_ERRORS = 10
"""Mistakes of a spec that are told; of more there is the number."""
LONGEST_NAME = 100
"""Characters of a name that another is sought for."""


@dataclass(frozen=True)
class Document:
    """A text that a spec was read from: a file, or an override of the command line.

    Args:
        name: what messages call it.
        lines: what stands in it.
        folder: where the paths in it start; "" for the current folder.
    """

    name: str
    lines: tuple[str, ...]
    folder: str = ""


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

    def __str__(self) -> str:
        return printable_lines(super().__str__())


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
        super().__init__(self.errors)

    def __str__(self) -> str:
        return render_all(self.errors)


def _position(error: SpecError) -> tuple[str, int, int]:
    place = error.place
    return (place.document.name, place.line, place.column) if place else ("", 0, 0)


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that the writer most likely meant, or None where none is close."""
    if len(name) > LONGEST_NAME:
        return None
    options = list(valid)
    folded = {option.lower().replace("-", "_"): option for option in options}
    close = get_close_matches(name.lower().replace("-", "_"), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def listed(things: Sequence[Any], *, show: Callable[[Any], str] = str, most: int = 5, between: str = ", ") -> str:
    """The first of some things, and how many more there are; as text only those are made that are shown."""
    more = f" and {len(things) - most:,} more" if len(things) > most else ""
    return between.join(map(show, things[:most])) + more


def reason_of(error: OSError) -> str:
    """Why the system refuses something, in its words: ``permission denied``."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


def excerpt(place: Place, *, width: int = 100) -> str:
    """The line of a place with a caret under its span; long lines are cut around the span."""
    lines = place.document.lines
    text = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    start = place.column - 1
    cut_at = max(0, start - width // 2) if len(text) > width else 0
    stop = min(start + max(1, place.length), cut_at + width)
    before, span, after = map(_on_screen, (text[cut_at:start], text[start:stop], text[stop : cut_at + width]))
    margin = f"{place.line:5d} | "
    carets = "^" * max(1, len(span))
    return f"{margin}{before}{span}{after}\n{' ' * (len(margin) - 2)}| {' ' * len(before)}{carets}"


def _on_screen(text: str) -> str:
    return printable(text.replace("\t", " "))


def render(error: SpecError) -> str:
    """The message as a person reads it, without colour; what comes from a spec is on one line, shown and cut."""
    where = f"{error.place}: " if error.place else ""
    parts = [f"{printable(where)}error: {message_text(error.message)} [{error.code}]"]
    if error.place:
        parts.append(excerpt(error.place))
    if error.expected:
        parts.append(f"      expected: {message_text(error.expected)}")
    if error.nearest:
        parts.append(f"      did you mean `{message_text(error.nearest)}`?")
    parts += [f"      {_note_text(note)}" for note in error.notes]
    parts += [line for fix in error.fixes for line in _fix_lines(fix)]
    return "\n".join(parts)


def render_all(errors: Sequence[SpecError]) -> str:
    """All mistakes; of very many the first, and how many there are."""
    told = [render(error) for error in errors[:MOST_ERRORS]]
    more = [f"the first {MOST_ERRORS} of {len(errors):,} errors"] if len(errors) > MOST_ERRORS else []
    return "\n\n".join([*told, *more])


def _note_text(note: Note) -> str:
    where = f" ({printable(str(note.place))})" if note.place else ""
    return message_text(note.message) + where


def _fix_lines(fix: Fix) -> list[str]:
    lines = fix.yaml.splitlines()
    return [f"      would fit: {message_text(fix.message)}", *(f"          {message_text(line)}" for line in lines)]


def as_json(error: SpecError) -> dict[str, Any]:
    """The error's fields for tools (``compose validate --format json``)."""
    return {
        "code": error.code,
        "message": cut(short_quotes(error.message)),
        **_place_json(error.place),
        "expected": cut(short_quotes(error.expected)) if error.expected else None,
        "nearest": error.nearest,
        "notes": [{"message": cut(short_quotes(note.message)), **_place_json(note.place)} for note in error.notes],
        "fixes": [{"message": fix.message, "yaml": fix.yaml} for fix in error.fixes],
    }


def _place_json(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {"file": None, "line": None, "column": None, "length": None}
    return {"file": place.document.name, "line": place.line, "column": place.column, "length": place.length}
