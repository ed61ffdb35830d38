"""WUP similarities block by block, so that thousands of synsets need no table of all pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compose.graphs.taxonomy.ancestors import IntArray, entries
from compose.graphs.taxonomy.taxonomy import Taxonomy

FloatArray = NDArray[np.float32]
Stretch = tuple[slice, FloatArray]
CELLS = 1 << 20


class WupBlocks:
    """The WUP similarity of every row's synset with every column's, some rows at a time.

    A pair's subsumer is the last of its common ancestors in the order of ``ranked``. So every ancestor in this order
    writes the pairs below it, over what the ancestors before it wrote. Rows and columns are sorted so that the synsets
    below an ancestor stand together and their pairs are one rectangle, or a few where synsets have two hypernyms.

    Args:
        taxonomy: where the synsets are from.
        rows: ``n`` synsets.
        columns: ``m`` synsets.
        either: the greater of a pair's two directions, not the row's own; for rows and columns that are the same.
    """

    def __init__(self, taxonomy: Taxonomy, rows: IntArray, columns: IntArray, *, either: bool = False) -> None:
        self.row_order, self.column_order = depth_first(taxonomy, rows), depth_first(taxonomy, columns)
        row_paths = root_paths(taxonomy, rows[self.row_order])
        column_paths = row_paths if columns is rows else root_paths(taxonomy, columns[self.column_order])
        self._either = either
        self._own = _own_subsumers(taxonomy, rows[self.row_order], row_paths, column_paths)
        if either:
            self._own = _both_directions(*self._own)
        subsumers = _uncovered(taxonomy, row_paths, column_paths)
        ranks = _ranks(taxonomy, subsumers)
        self._counts = _counts(taxonomy, subsumers)
        self._row_paths = _over(ranks, row_paths)
        self._columns = _stretches(_over(ranks, column_paths))

    def __iter__(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """Positions in ``rows``; and for each of them a row of values, whose columns stand in ``column_order``."""
        height = max(1, CELLS // max(1, len(self.column_order)))
        for start in range(0, len(self.row_order), height):
            positions = self.row_order[start : start + height]
            values = np.zeros((len(positions), len(self.column_order)), np.float32)
            self._write(values, start)
            self._correct(values, start)
            yield positions, values

    def _write(self, values: FloatArray, start: int) -> None:
        first, last = np.searchsorted(self._row_paths.positions, [start, start + len(values)])
        block = self._row_paths[first:last]
        for subsumer, stretches in _stretches(replace(block, positions=block.positions - start)).items():
            for (rows, lengths), (columns, others) in product(stretches, self._columns[subsumer]):
                cells = values[rows, columns]
                np.add(lengths[:, None], others, out=cells)
                np.divide(self._counts[subsumer], cells, out=cells)

    def _correct(self, values: FloatArray, start: int) -> None:
        first, last = np.searchsorted(self._own[0], [start, start + len(values)])
        rows, columns, own = (part[first:last] for part in self._own)
        values[rows - start, columns] = np.maximum(own, values[rows - start, columns]) if self._either else own


def _counts(taxonomy: Taxonomy, subsumers: IntArray) -> FloatArray:
    """Twice the synsets on the longest way from a root to each subsumer, both ends counted: WUP's numerator."""
    return (2 * (taxonomy.max_depths[subsumers] + 1)).astype(np.float32)


def _ranks(taxonomy: Taxonomy, subsumers: IntArray) -> IntArray:
    """For each synset of the taxonomy, its place among the subsumers, or -1."""
    ranks = np.full(len(taxonomy), -1)
    ranks[subsumers] = np.arange(len(subsumers))
    return ranks


def _uncovered(taxonomy: Taxonomy, row_paths: RootPaths, column_paths: RootPaths) -> IntArray:
    """The common ancestors, ``ranked``, without those that a hyponym below them writes over to the last cell."""
    subsumers = ranked(taxonomy, np.intersect1d(row_paths.ancestors, column_paths.ancestors))
    children, parents, ranks = taxonomy.children, taxonomy.parents, _ranks(taxonomy, subsumers)
    covered = ranks[children] > ranks[parents]
    for side in (row_paths, column_paths):
        below = np.bincount(side.ancestors, minlength=len(taxonomy))
        covered &= below[children] == below[parents]
    return subsumers[~np.isin(subsumers, parents[covered])]


def _over(ranks: IntArray, found: RootPaths) -> RootPaths:
    """The ways over the subsumers, with their ranks for ancestors."""
    found = replace(found, ancestors=ranks[found.ancestors])
    return found[found.ancestors >= 0]


def _stretches(found: RootPaths) -> dict[int, list[Stretch]]:
    """For each ancestor, ascending, the stretches of positions that follow one another, with their lengths."""
    found = found.by_ancestor()
    breaks = (np.diff(found.ancestors, prepend=-1) != 0) | (np.diff(found.positions, prepend=-2) != 1)
    stretches: dict[int, list[Stretch]] = defaultdict(list)
    for begin, end in pairwise([*np.flatnonzero(breaks).tolist(), len(breaks)]):
        first = int(found.positions[begin])
        stretches[int(found.ancestors[begin])].append((slice(first, first + end - begin), found.lengths[begin:end]))
    return stretches


def _own_subsumers(
    taxonomy: Taxonomy, rows: IntArray, row_paths: RootPaths, column_paths: RootPaths
) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows, columns and values of the pairs whose subsumer is the row's own synset, whatever its name.

    nltk prefers it to the common ancestors as deep as it is, but gives the column's synset no such preference, so that
    a pair's two directions may differ.
    """
    depths = taxonomy.min_depths
    lowest = np.zeros(len(rows), dtype=np.int64)
    np.maximum.at(lowest, row_paths.positions, depths[row_paths.ancestors])
    own = np.flatnonzero(depths[rows] == lowest)
    below = column_paths.by_ancestor()
    starts = np.searchsorted(below.ancestors, np.arange(len(taxonomy) + 1))
    which, places = entries(starts, rows[own])
    counts = _counts(taxonomy, rows[own])[which]
    return own[which], below.positions[places], counts / (counts / np.float32(2) + below.lengths[places])


def _both_directions(rows: IntArray, columns: IntArray, values: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """The pairs of both directions, sorted by row."""
    rows, columns = np.concatenate([rows, columns]), np.concatenate([columns, rows])
    order = np.argsort(rows, kind="stable")
    return rows[order], columns[order], np.concatenate([values, values])[order]


@dataclass(frozen=True, eq=False, kw_only=True)
class RootPaths:
    """The ways from a root over each ancestor of some synsets to the synset, one entry a synset and ancestor.

    Args:
        positions: the position of the synset, ascending.
        ancestors: the ancestor, which may be the synset itself; ascending at each position.
        lengths: the synsets on the way, both ends counted: the longest way down to the ancestor and the shortest on.
    """

    positions: IntArray
    ancestors: IntArray
    lengths: NDArray[np.float32]

    def __getitem__(self, chosen: Any) -> RootPaths:
        """Some of the entries, chosen as from an array."""
        return RootPaths(
            positions=self.positions[chosen], ancestors=self.ancestors[chosen], lengths=self.lengths[chosen]
        )

    def by_ancestor(self) -> RootPaths:
        """The same entries, ancestor after ancestor."""
        return self[np.argsort(self.ancestors, kind="stable")]


def root_paths(taxonomy: Taxonomy, synsets: IntArray) -> RootPaths:
    """The ways to ``k`` synsets."""
    positions, ancestors, up = taxonomy.distances(synsets)
    _shorten(taxonomy, positions, ancestors, up)
    lengths = (up + taxonomy.max_depths[ancestors] + 1).astype(np.float32)
    return RootPaths(positions=positions, ancestors=ancestors, lengths=lengths)


def _shorten(taxonomy: Taxonomy, positions: IntArray, ancestors: IntArray, up: IntArray) -> None:
    """From ways straight up to the shortest: nltk's may climb past the ancestor and come down to it again.

    The last step of such a way is from a hypernym of the ancestor, which is an ancestor of the synset too.
    """
    n = len(taxonomy)
    pairs, edges = entries(taxonomy.parent_starts, ancestors)
    over = np.searchsorted(positions * n + ancestors, positions[pairs] * n + taxonomy.parents[edges])
    shorter = up[over] + 1 < up[pairs]
    while shorter.any():
        np.minimum.at(up, pairs[shorter], up[over[shorter]] + 1)
        shorter = up[over] + 1 < up[pairs]


def ranked(taxonomy: Taxonomy, ancestors: IntArray) -> IntArray:
    """Ancestors in the order in which nltk prefers them, best last: by ``min_depths``, then by name from Z to A."""
    names = np.array([taxonomy.name(ancestor) for ancestor in ancestors.tolist()])
    by_name = ancestors[np.argsort(names)[::-1]]
    return by_name[np.argsort(taxonomy.min_depths[by_name], kind="stable")]


def depth_first(taxonomy: Taxonomy, synsets: IntArray) -> IntArray:
    """The order of synsets, as positions, in which those below an ancestor stand together, but for second hypernyms."""
    depths = taxonomy.max_depths
    deepest = depths[taxonomy.parents] + 1 == depths[taxonomy.children]
    above = np.full(len(taxonomy), -1)
    above[taxonomy.children[deepest]] = taxonomy.parents[deepest]
    paths = np.full((int(depths.max()) + 1, len(synsets)), -1)
    positions, nodes = np.arange(len(synsets)), synsets
    while len(nodes):
        paths[depths[nodes], positions] = nodes
        nodes = above[nodes]
        positions, nodes = positions[nodes >= 0], nodes[nodes >= 0]
    return np.lexsort(paths[::-1])
