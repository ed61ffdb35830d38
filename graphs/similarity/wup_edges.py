"""Which pairs of nodes a graph joins by WUP similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compose.graphs.similarity.wup import similar_pairs, top_k, wup_similarities
from compose.graphs.similarity.wup_blocks import FloatArray, WupBlocks
from compose.graphs.taxonomy.ancestors import IntArray, entries
from compose.graphs.taxonomy.taxonomy import Taxonomy

Pairs = tuple[IntArray, IntArray, FloatArray]
"""One node and another, in both orders, and their similarity."""
CHUNK = 512
_NO_PAIRS = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


@dataclass(frozen=True, eq=False, kw_only=True)
class WupEdges:
    """The edges that were chosen, and a loop at every node.

    Args:
        edges: ``2 e``: sources and targets, sorted by target and then source.
        similarities: ``e``: the greater of the two directions; 1 for a loop.
        hypernym: ``e``: whether an edge joins a node and a nearest hypernym of it.
    """

    edges: IntArray
    similarities: FloatArray
    hypernym: NDArray[np.bool_]


def wup_edges(
    taxonomy: Taxonomy, synsets: IntArray, *, threshold: float, most: int | None, hierarchy: bool
) -> WupEdges:
    """The edges between ``n`` nodes.

    Args:
        taxonomy: where the synsets are from.
        synsets: ``n`` synsets.
        threshold: what the similarity of two nodes must exceed.
        most: how many nodes each node chooses; None for all.
        hierarchy: whether nodes are joined to their nearest hypernyms too.
    """
    n = max(1, len(synsets))
    if most is None or len(synsets) < 2:
        similar = similar_pairs(taxonomy, synsets, float(np.float32(threshold)))
    else:
        similar = _chosen(taxonomy, synsets, threshold, min(most, n - 1))
    above = _hypernyms(taxonomy, synsets) if hierarchy else _NO_PAIRS
    nodes = np.arange(len(synsets))
    parts = similar, above, (nodes, nodes, np.ones(len(nodes), np.float32))
    keys = np.concatenate([targets * n + sources for targets, sources, _ in parts])
    values = np.concatenate([values for _, _, values in parts])
    keys, first = np.unique(keys, return_index=True)
    edges = np.stack(np.divmod(keys, n)[::-1])
    hypernym = np.isin(keys, above[0] * n + above[1])
    return WupEdges(edges=edges, similarities=values[first], hypernym=hypernym)


def edge_counts(taxonomy: Taxonomy, synsets: IntArray, thresholds: Sequence[float]) -> dict[float, int]:
    """How many pairs of nodes are more similar than each threshold."""
    blocks = WupBlocks(taxonomy, synsets, synsets, either=True)
    place = np.argsort(blocks.column_order)
    counts = dict.fromkeys(thresholds, 0)
    for positions, values in blocks:
        values[np.arange(len(positions)), place[positions]] = -1  # itself
        for threshold in counts:
            counts[threshold] += int(np.count_nonzero(values > np.float32(threshold)))
    return {threshold: count // 2 for threshold, count in counts.items()}


def greatest_similarity(taxonomy: Taxonomy, synsets: IntArray) -> float:
    """The greatest similarity of two of at least two nodes."""
    return float(top_k(taxonomy, synsets, 1)[1].max())


def _chosen(taxonomy: Taxonomy, synsets: IntArray, threshold: float, most: int) -> Pairs:
    """Who is among the most similar nodes of the other, and who chose it."""
    columns, values = top_k(taxonomy, synsets, most)
    rows, ranks = np.nonzero(values > np.float32(threshold))
    return _both(rows, columns[rows, ranks], values[rows, ranks])


def _hypernyms(taxonomy: Taxonomy, synsets: IntArray) -> Pairs:
    """Nodes and their nearest hypernyms among the nodes."""
    below, above = nearest_hypernyms(taxonomy, synsets)
    values = np.empty(len(below), np.float32)
    for start in range(0, len(below), CHUNK):
        chunk = slice(start, start + CHUNK)
        rows, row = np.unique(synsets[below[chunk]], return_inverse=True)
        columns, column = np.unique(synsets[above[chunk]], return_inverse=True)
        up, down = wup_similarities(taxonomy, rows, columns), wup_similarities(taxonomy, columns, rows)
        values[chunk] = np.maximum(up, down.T)[row, column]
    return _both(below, above, values)


def _both(one: IntArray, other: IntArray, values: FloatArray) -> Pairs:
    return np.concatenate([one, other]), np.concatenate([other, one]), np.tile(values, 2)


def nearest_hypernyms(taxonomy: Taxonomy, synsets: IntArray) -> tuple[IntArray, IntArray]:
    """The nearest hypernyms of synsets among themselves: on each way up from a synset, the first other one there is.

    Args:
        taxonomy: where the synsets are from.
        synsets: ``n`` synsets; one may occur many times.

    Returns:
        Pairs of positions in ``synsets``, a synset's and its hypernym's, sorted and each once.
    """
    size = len(taxonomy)
    order = np.argsort(synsets, kind="stable")
    first = np.searchsorted(synsets[order], np.arange(size + 1))  # where a synset's positions start in `order`
    level = np.arange(len(synsets)) * size + synsets  # a pair (position, synset) as one number
    found = [np.empty(0, np.int64)]
    while len(level):
        positions, nodes = np.divmod(level, size)
        children, edges = entries(taxonomy.parent_starts, nodes)
        above = np.unique(positions[children] * size + taxonomy.parents[edges])
        there = first[above % size] < first[above % size + 1]
        found.append(above[there])
        level = above[~there]
    positions, hypernyms = np.divmod(np.unique(np.concatenate(found)), size)
    which, places = entries(first, hypernyms)  # every position of the hypernym's synset
    return positions[which], order[places]
