"""A data source for choosing on labels: the scenes of ``glyph_scenes`` without its unseen labels, and others held out.

    compose train zoo/ml2p.yaml --blocks benchmarks/held_out_labels.py -s data.use=held_out_glyph_scenes

What is chosen by the unseen labels of ``glyph_scenes`` says nothing about unseen labels any more. Here they do not
exist: neither in the label table nor in any picture. In their place stand as many leaves of the seen labels, whose
symbols are drawn in the test alone, and hypernyms of the seen leaves that ``glyph_scenes`` does not have.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from compose.block import data
from compose.data.drawn.drawn_scenes import DrawnScenes
from compose.data.drawn.glyph_table import GlyphTable, glyph_table
from compose.data.source import Count, LabelTable, Split
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import load_taxonomy

FOLDS = 7
"""Every seventh leaf is held out, which are about as many as the unseen ones."""
BROADEST = 0.25
"""The greatest share of the leaves that a held-out hypernym may stand above; the broadest unseen one has as many."""


@data
class HeldOutGlyphScenes(DrawnScenes):
    """Scenes of the seen symbols of `glyph_scenes`, some of whose labels are unseen here: for choosing a model.

    The streams of random numbers are its own, so that no picture is one of the test of `glyph_scenes`.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 21, "val": 22, "test": 23}

    def __init__(
        self,
        *,
        objects: tuple[Count, Count] = (1, 4),
        boxes: bool = False,
        fold: Annotated[int, Field(ge=0, lt=FOLDS)] = 0,
        **options: Any,
    ) -> None:
        """Set how scenes are drawn.

        Args:
            objects: the least and the greatest number of symbols in a scene.
            boxes: whether examples also hold `boxes` and `box_labels`.
            fold: which leaves are held out.
            options: the size, the number and the look of the scenes.
        """
        super().__init__(objects=objects, **options)
        self.boxes, self.fold = boxes, fold

    @property
    def table(self) -> GlyphTable:
        """The labels and the symbols that show them."""
        return held_out_table(self.fold)

    def pool(self, split: Split) -> list[tuple[int, ...]]:
        """What a split draws: held-out leaves in the test alone, and no unseen leaf of `glyph_scenes`."""
        everything = glyph_table()
        hidden = {row for leaf in everything.unseen_leaves for row in everything.leaves[leaf]}
        pools = (tuple(row for row in rows if row not in hidden) for rows in super().pool(split))
        return [rows for rows in pools if rows]


@cache
def held_out_table(fold: int) -> GlyphTable:
    """The seen labels of `glyph_scenes` and more of their hypernyms; a fold of the leaves and these are unseen.

    The rows of the glyphs are those of `glyph_scenes`.
    """
    table = glyph_table()
    columns = [column for column, seen in enumerate(table.labels.seen) if seen]
    names = [table.labels.names[column] for column in columns]
    leaves = {name: table.leaves[name] for name in names if name in table.leaves}
    unseen = _alone(leaves)[fold::FOLDS]
    hypernyms = _new_hypernyms(table, tuple(leaves))
    shows = [
        table.shows[:, columns],
        *(table.shows[:, list(below)].any(1, keepdims=True) for below in hypernyms.values()),
    ]
    labels = LabelTable(
        names=(*names, *(synset.split(".")[0] for synset in hypernyms)),
        seen=(*(name not in unseen for name in names), *[False] * len(hypernyms)),
        synsets=(*(table.labels.synsets[column] for column in columns), *hypernyms),
    )
    return GlyphTable(labels, table.glyphs, np.concatenate(shows, axis=1), leaves, frozenset(unseen))


def _alone(leaves: dict[str, tuple[int, ...]]) -> list[str]:
    """The leaves that share no glyph with another: those whose glyphs can be hidden without hiding another label's."""
    owners: dict[int, int] = defaultdict(int)
    for rows in leaves.values():
        for row in rows:
            owners[row] += 1
    return [name for name, rows in leaves.items() if all(owners[row] == 1 for row in rows)]


def _new_hypernyms(table: GlyphTable, leaves: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Synset -> columns of the leaves below it, for each hypernym that could be a label of `glyph_scenes` and is none.

    Of those with the same leaves below them, the lowest; none that stands above the same ones as a label, which it
    would give away, above one alone, or above too many.
    """
    labels, taxonomy = table.labels, load_taxonomy(None)
    synsets = find_synsets(taxonomy, labels.names, labels.synsets)
    positions, ancestors = taxonomy.closure(synsets)
    below: dict[int, set[int]] = defaultdict(set)
    columns = {labels.names.index(name) for name in leaves}
    for position, ancestor in zip(positions.tolist(), ancestors.tolist(), strict=True):
        if position in columns:
            below[ancestor].add(position)
    taken = {frozenset(below[synset]) for synset in synsets.tolist()}
    lowest: dict[frozenset[int], int] = {}
    for ancestor in sorted(below, key=lambda synset: taxonomy.information[synset]):
        lowest[frozenset(below[ancestor])] = ancestor
    return {
        taxonomy.name(ancestor): tuple(sorted(of_ancestor))
        for of_ancestor, ancestor in sorted(lowest.items(), key=lambda item: item[1])
        if 2 <= len(of_ancestor) <= BROADEST * len(columns) and of_ancestor not in taken
    }
