"""The label tables of the drawn scenes: nouns, their synsets, and the symbols that show them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from compose.data.source import LabelTable


@dataclass(frozen=True)
class GlyphTable:
    """Labels and glyphs.

    Args:
        labels: the label table. A hypernym is present wherever one of its hyponyms is.
        glyphs: the code points of all symbols.
        shows: which labels a glyph shows: bool ``glyphs l``.
        leaves: for each label with symbols of its own, the rows of its glyphs.
        unseen_leaves: those of ``leaves`` whose glyphs never occur in training.
    """

    labels: LabelTable
    glyphs: tuple[int, ...]
    shows: NDArray[np.bool_]
    leaves: dict[str, tuple[int, ...]]
    unseen_leaves: frozenset[str]

    def pool(self, hidden: Collection[str] = ()) -> list[tuple[int, ...]]:
        """What may be drawn: for each leaf the rows of its glyphs.

        Args:
            hidden: leaves that are not; no glyph of theirs is, even where it shows another label as well (a pouting
                cat).
        """
        hidden_rows = {row for leaf in hidden for row in self.leaves[leaf]}
        pools = (tuple(row for row in rows if row not in hidden_rows) for rows in self.leaves.values())
        return [rows for rows in pools if rows]


@cache
def glyph_table() -> GlyphTable:
    """The labels of ``glyph_scenes``."""
    names, synsets, splits, kinds, points = _columns("glyph_labels.tsv")
    labels = LabelTable(names, tuple(split == "seen" for split in splits), synsets)
    return _table(labels, points, leaf=tuple(kind == "leaf" for kind in kinds))


@cache
def symbol_table() -> GlyphTable:
    """The classes of ``glyph_symbols``: all are leaves, and seen."""
    names, synsets, points = _columns("glyph_symbols.tsv")
    every = (True,) * len(names)
    return _table(LabelTable(names, every, synsets), points, leaf=every)


def _columns(file: str) -> tuple[tuple[str, ...], ...]:
    """The columns of a table that ships with the package, without their headings."""
    lines = files(__package__).joinpath(file).read_text("utf-8").splitlines()
    return tuple(zip(*(line.split("\t") for line in lines[1:]), strict=True))


def _table(labels: LabelTable, texts: tuple[str, ...], *, leaf: tuple[bool, ...]) -> GlyphTable:
    """The table of these labels; ``texts`` holds the code points of each, ``leaf`` which have symbols of their own."""
    points = [tuple(code_points(text)) for text in texts]
    glyphs = tuple(sorted({point for of_label in points for point in of_label}))
    row_of = {point: row for row, point in enumerate(glyphs)}
    shows = np.zeros((len(glyphs), len(points)), bool)
    for column, of_label in enumerate(points):
        shows[[row_of[point] for point in of_label], column] = True
    leaves = {
        name: tuple(row_of[point] for point in of_label)
        for name, of_label, own in zip(labels.names, points, leaf, strict=True)
        if own
    }
    unseen = {name for name, seen in zip(labels.names, labels.seen, strict=True) if not seen}
    return GlyphTable(labels, glyphs, shows, leaves, frozenset(unseen & leaves.keys()))


def code_points(text: str) -> Iterator[int]:
    """The code points of ``41,2190-2193``."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)
