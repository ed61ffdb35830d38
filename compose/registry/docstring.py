"""What a class's docstring says: a summary, the rest, where it comes from and where it departs from that."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ClassDoc:
    """A class's docstring in parts.

    Args:
        summary: its first paragraph, in one line.
        doc: the paragraphs after it.
        reference: the paper, section and equation, from the paragraph ``Reference:``.
        deviates: where it departs from them, from the paragraph ``Deviates:``.
        example: parameters that show its use, a YAML mapping from the section ``Example:``.
    """

    summary: str
    doc: str
    reference: str
    deviates: str
    example: str = ""


def class_doc(cls: type) -> ClassDoc:
    """The parts of a class's docstring, without its ``Args:``."""
    return class_text(cls.__doc__ if isinstance(cls.__doc__, str) else None)


def class_text(doc: str | None) -> ClassDoc:
    """The parts of a text in the form of a class's docstring."""
    parts = sections(doc)
    summary, _, text = parts[""].partition("\n\n")
    marked = {"Reference": "", "Deviates": ""}
    for mark in marked:
        found = re.search(rf"^{mark}: *(.+(?:\n\S.*)*)", text, re.MULTILINE)
        if found:
            text = text.replace(found[0], "")
            marked[mark] = " ".join(found[1].split())
    doc = re.sub(r"\n{3,}", "\n\n", text).strip()
    example = parts.get("Example", "").strip()
    return ClassDoc(" ".join(summary.split()), doc, marked["Reference"], marked["Deviates"], example)


def sections(doc: str | None) -> dict[str, str]:
    """The parts of a Google-style docstring: "" for the text before the first heading, then one for each heading."""
    parts: dict[str, list[str]] = {"": []}
    current = ""
    for line in inspect.cleandoc(doc or "").splitlines():
        heading = re.fullmatch(r"(Args|Returns|Raises|Attributes|Example|Examples|Yields):", line)
        if heading:
            current = heading[1]
            parts[current] = []
        elif current and line and not line.startswith(" "):
            current = ""
            parts[""] += ["", line]
        else:
            parts[current].append(line)
    return {name: inspect.cleandoc("\n".join(lines)) for name, lines in parts.items()}


def doc_entries(text: str) -> dict[str, str]:
    """``name: description`` entries of an ``Args:`` section, continuation lines joined."""
    found: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        entry = re.match(r"(\w+)(?: \([^)]*\))?: *(.*)", line)
        if entry:
            name = entry[1]
            found[name] = entry[2]
        elif name:
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found
