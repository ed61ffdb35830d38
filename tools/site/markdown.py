"""Pieces of Markdown: tables, blocks of code, and text of docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CODE = re.compile(r"(`[^`]*`)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: bool = False) -> str:
    """A table; with ``right`` all columns but the first are of numbers."""
    rule = ["---", *(["--:" if right else "---"] * (len(head) - 1))]
    lines = [_row(head), f"|{'|'.join(rule)}|", *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """A text in one line, whose bars are none of the table's; those in code are not taken for such."""
    parts = CODE.split(" ".join(text.split()))
    return "".join(part if part.startswith("`") else part.replace("|", r"\|") for part in parts)


def fence(text: str, language: str) -> str:
    """A block of code."""
    return f"````{language}\n{text.strip()}\n````"


def prose(text: str) -> str:
    """Text of a docstring or a spec: what stands in quotes stays code, and nothing else is Markdown."""
    parts = CODE.split(text.replace("``", "`"))
    return "".join(part if part.startswith("`") else _plain(part) for part in parts)


def _plain(text: str) -> str:
    return re.sub(r"([\\*_\[\]#])", r"\\\1", text).replace("<", "&lt;")


def paragraphs(*parts: str) -> str:
    """Parts of a page, with an empty line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
