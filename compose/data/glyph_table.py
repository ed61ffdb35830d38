"""The label table of the glyph scenes: nouns, their synsets, and the symbols that show them."""

from __future__ import annotations

from collections.abc import Iterator
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

    def pool(self, *, unseen: bool) -> list[tuple[int, ...]]:
        """What may be drawn: for each leaf the rows of its glyphs.

        Args:
            unseen: whether unseen leaves are among them. If not, no glyph of theirs is, even where it shows a seen
                label as well (a pouting cat).
        """
        if unseen:
            return list(self.leaves.values())
        hidden = {row for leaf in self.unseen_leaves for row in self.leaves[leaf]}
        pools = (tuple(row for row in rows if row not in hidden) for rows in self.leaves.values())
        return [rows for rows in pools if rows]


@cache
def glyph_table() -> GlyphTable:
    """The table that ships with the package."""
    lines = files(__package__).joinpath("glyph_labels.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    points = [tuple(_points(row[4])) for row in rows]
    glyphs = tuple(sorted({point for of_label in points for point in of_label}))
    row_of = {point: row for row, point in enumerate(glyphs)}
    shows = np.zeros((len(glyphs), len(rows)), bool)
    for column, of_label in enumerate(points):
        shows[[row_of[point] for point in of_label], column] = True
    names, synsets, splits, kinds = zip(*(row[:4] for row in rows), strict=True)
    leaves = {
        n: tuple(row_of[p] for p in ps) for n, kind, ps in zip(names, kinds, points, strict=True) if kind == "leaf"
    }
    return GlyphTable(
        LabelTable(names, tuple(split == "seen" for split in splits), synsets),
        glyphs,
        shows,
        leaves,
        frozenset(name for name, split in zip(names, splits, strict=True) if split == "unseen" and name in leaves),
    )


def _points(text: str) -> Iterator[int]:
    """The code points of ``41,2190-2193``."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)
