"""Which of some synsets lie right above one another."""

from __future__ import annotations

import numpy as np

from compose.graphs.taxonomy.ancestors import entries
from compose.graphs.taxonomy.taxonomy import IntArray, Taxonomy


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
