"""Cells that may hold several labels, between other characters than those that are taken to separate them."""

from __future__ import annotations

from collections.abc import Mapping

from compose.data.pictures.annotations import Finding
from compose.data.quoted import short

_OTHERS = ",/+&:\n\t"


def asked_separator(cells: Mapping[str, Finding]) -> str | None:
    """What the user is asked where labels seem to stand between commas, slashes or the like; None where none do.

    A comma is always asked about. Another mark is where a part of a cell fills another cell, as ``dog`` of ``dog/cat``;
    ``animal/dog`` and ``/m/0bt9lr`` are names.

    Args:
        cells: the labels that fill their cells, each with the first such cell's place.
    """
    for mark in _OTHERS:
        several = {name: parts for name in cells if len(parts := _parts(name, mark)) > 1}
        if several and (mark == "," or any(part in cells for parts in several.values() for part in parts)):
            name = next(iter(several))
            what = {",": "a comma", "\n": "several lines", "\t": "a tab"}.get(mark, f"`{mark}`")
            written = mark.encode("unicode_escape").decode()
            say = f'say `separator: "{written}"` if it separates labels, `separator: ";"` if it is part of their names'
            return f"{cells[name]}`{short(name)}` has {what}, and no cell has `;` or `|`: {say}"
    return None


def separated_by_blanks(cells: Mapping[str, Finding]) -> str | None:
    """A note where labels are made of others, as ``dog cat`` of ``dog`` and ``cat``; None where none are."""
    made = [name for name in cells if len(parts := _parts(name, " ")) > 1 and all(part in cells for part in parts)]
    if not made:
        return None
    say = 'say `separator: " "` where blanks separate labels'
    return f"labels such as `{short(made[0])}` are made of other labels: {say}"


def _parts(name: str, mark: str) -> list[str]:
    """What stands between marks; nothing where some stand beside each other, or at an end."""
    parts = [part.strip() for part in name.split(mark)]
    return parts if all(parts) else []
