"""What WUP needs of every synset and ancestor: how long the way over the ancestor is, and which ancestor is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compose.graphs.taxonomy.ancestors import entries
from compose.graphs.taxonomy.taxonomy import Taxonomy

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ways:
    """The ways from a root over each ancestor of some synsets to the synset, one entry a synset and ancestor.

    Args:
        positions: the position of the synset, ascending.
        ancestors: the ancestor, which may be the synset itself; ascending at each position.
        lengths: the synsets on the way, both ends counted: the longest way down to the ancestor and the shortest on.
    """

    positions: IntArray
    ancestors: IntArray
    lengths: NDArray[np.float32]

    def __getitem__(self, chosen: Any) -> Ways:
        """Some of the entries, chosen as from an array."""
        return Ways(positions=self.positions[chosen], ancestors=self.ancestors[chosen], lengths=self.lengths[chosen])

    def by_ancestor(self) -> Ways:
        """The same entries, ancestor after ancestor."""
        return self[np.argsort(self.ancestors, kind="stable")]


def ways(taxonomy: Taxonomy, synsets: IntArray) -> Ways:
    """The ways to ``k`` synsets."""
    positions, ancestors, up = taxonomy.distances(synsets)
    _shorten(taxonomy, positions, ancestors, up)
    lengths = (up + taxonomy.max_depths[ancestors] + 1).astype(np.float32)
    return Ways(positions=positions, ancestors=ancestors, lengths=lengths)


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
