"""Write a spec as YAML that reads back to the same values: small mappings on one line, numbers as one writes them.

A text of several lines stands as such below its key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from compose.spec.yaml.reader import scalar_value
from compose.spec.yaml.tree import Path, Plain

WIDTH = 100
NOTE_COLUMN = 64
"""Where notes begin at the latest, if the line before them is not longer."""

Comment = Callable[[Path], str]

_PLAIN = re.compile(r"[A-Za-z_./$][\w./@+$()²-]*( [\w./@+$()²-]+)*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def dump(value: Plain, *, note: Comment | None = None, width: int = WIDTH) -> str:
    """A document as YAML.

    Args:
        value: dicts with text keys, lists and scalars.
        note: path -> a comment for the line of the value there; every value then has a line of its own.
        width: the longest line that a mapping or list is written on.
    """
    writer = _Writer(note, width)
    if isinstance(value, dict | list) and value:
        writer.block(value, 0, ())
    else:
        writer.line(flow(value), ())
    return writer.text()


def flow(value: Plain) -> str:
    """A value on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{scalar(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """A scalar by YAML 1.2: quoted only where it would otherwise read as something else."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return _float(value)
        case int():
            return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and scalar_value(text) == text and not text.startswith("..."):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    return re.sub(r"e([-+])0*(\d)", lambda m: f"e{m[1].replace('+', '')}{m[2]}", repr(value))


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isprintable() else f"\\U{ord(char):08x}"


class _Writer:
    def __init__(self, note: Comment | None, width: int) -> None:
        self.note, self.width = note, width
        self.lines: list[tuple[str, str]] = []

    def line(self, text: str, path: Path | None) -> None:
        self.lines.append((text, self.note(path) if self.note and path is not None else ""))

    def block(self, value: Any, indent: int, path: Path) -> None:
        """The entries of a mapping or list, a line or more for each."""
        pad = " " * indent
        if isinstance(value, dict):
            for key, inner in value.items():
                self.entry(f"{pad}{scalar(key)}:", inner, indent, (*path, key))
        else:
            for index, inner in enumerate(value):
                self.item(f"{pad}-", inner, indent, (*path, index))

    def entry(self, head: str, value: Any, indent: int, path: Path) -> None:
        if _is_literal(value):
            self.literal(head, value, indent + 2, path)
        elif self.fits(head, value):
            self.line(f"{head} {flow(value)}", path)
        else:
            self.line(head, None)
            self.block(value, indent + 2, path)

    def literal(self, head: str, value: str, indent: int, path: Path) -> None:
        body = value.removesuffix("\n")
        self.line(f"{head} |" if body != value else f"{head} |-", path)
        for line in body.split("\n"):
            self.line(f"{' ' * indent}{line}" if line else "", None)

    def item(self, head: str, value: Any, indent: int, path: Path) -> None:
        if self.fits(head, value):
            self.line(f"{head} {flow(value)}", path)
            return
        start = len(self.lines)
        self.block(value, indent + 2, path)
        text, note = self.lines[start]
        self.lines[start] = (f"{head} {text[len(head) + 1 :]}", note)

    def fits(self, head: str, value: Any) -> bool:
        """Whether a value goes on its key's line."""
        if not isinstance(value, dict | list) or not value:
            return True
        if _holds_literal(value):
            return False
        first = next(iter(value.values())) if isinstance(value, dict) else value[0]
        if isinstance(first, dict) or (self.note and any(isinstance(v, dict) for v in _inner(value))):
            return False
        if self.note and isinstance(value, dict):
            return False
        return len(head) + 1 + len(flow(value)) <= self.width

    def text(self) -> str:
        longest = max((len(text) for text, note in self.lines if note), default=0)
        column = min(longest, NOTE_COLUMN)
        return "".join(f"{text.ljust(column)}  # {note}\n" if note else f"{text}\n" for text, note in self.lines)


def _is_literal(value: Any) -> bool:
    """Whether a value is a text of several lines that YAML can show as such."""
    if not isinstance(value, str) or "\n" not in value.rstrip("\n") or value.endswith("\n\n") or value[0] in " \n":
        return False
    return all(line.isprintable() for line in value.split("\n"))


def _holds_literal(value: Any) -> bool:
    """Whether there is such a text under a key."""
    if isinstance(value, dict):
        return any(_is_literal(inner) or _holds_literal(inner) for inner in value.values())
    return isinstance(value, list | tuple) and any(map(_holds_literal, value))


def _inner(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else list(value)
