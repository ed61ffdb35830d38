"""WUP similarity (Wu and Palmer, ACL 1994) of all pairs of synsets at once.

The values are those of nltk's ``wup_similarity`` for nouns, rounded to float32: ``2 d / (a + b)``, where ``d`` counts
the synsets on the longest way from a root down to the pair's subsumer, and ``a`` and ``b`` those on the ways over the
subsumer to one synset and to the other. The subsumer is the common ancestor that is farthest from the roots.

Some values surprise. A synset's similarity with itself is below 1 where an ancestor is farther from the roots than the
synset is, as for 1,843 of WordNet 3.0's 82,115 nouns. A pair's two directions may differ: of subsumers that are equally
far nltk takes the row's synset, or else the first by name. They do for 10,896 of the 3.4 billion pairs of nouns, each a
synset and one below it. Where two synsets have no common ancestor nltk has no value, and here is 0; WordNet 3.0's nouns
have one root. (Above the nouns of WordNet 1.6 nltk sets a root; this module does not.)
"""

from __future__ import annotations

from itertools import starmap

import numpy as np

from compose.graphs.similarity.wup_blocks import FloatArray, WupBlocks
from compose.graphs.taxonomy.ancestors import IntArray
from compose.graphs.taxonomy.taxonomy import Taxonomy


def wup_similarities(taxonomy: Taxonomy, rows: IntArray, columns: IntArray | None = None) -> FloatArray:
    """The WUP similarity of every row's synset with every column's.

    Args:
        taxonomy: where the synsets are from.
        rows: ``n`` synsets.
        columns: ``m`` synsets; None for the rows'.

    Returns:
        ``n m``, float32: nltk's ``row.wup_similarity(column)``.
    """
    blocks = WupBlocks(taxonomy, rows, rows if columns is None else columns)
    place = np.argsort(blocks.column_order)
    values = np.empty((len(blocks.row_order), len(place)), np.float32)
    for positions, block in blocks:
        values[positions] = block[:, place]
    return values


def similar_pairs(taxonomy: Taxonomy, synsets: IntArray, threshold: float) -> tuple[IntArray, IntArray, FloatArray]:
    """The pairs of different positions whose similarity is above a threshold in at least one direction.

    Args:
        taxonomy: where the synsets are from.
        synsets: ``n`` synsets.
        threshold: what the similarity must exceed.

    Returns:
        Rows, columns and the greater similarity of the two directions; both directions of a pair are there, sorted by
        row and then by column.
    """
    blocks = WupBlocks(taxonomy, synsets, synsets, either=True)

    limit = np.float32(threshold)  # rounded as the values are: a value that equals the threshold does not exceed it

    def above(positions: IntArray, values: FloatArray) -> tuple[IntArray, FloatArray]:
        rows, columns = np.nonzero(values > limit)
        pairs = positions[rows] * len(synsets) + blocks.column_order[columns]
        return pairs, values[rows, columns]

    found = list(starmap(above, blocks))
    pairs = np.concatenate([np.empty(0, np.int64), *(pairs for pairs, _ in found)])
    values = np.concatenate([np.empty(0, np.float32), *(values for _, values in found)])
    order = np.argsort(pairs)
    rows, columns = np.divmod(pairs[order], max(1, len(synsets)))
    other = rows != columns
    return rows[other], columns[other], values[order][other]


def top_k(taxonomy: Taxonomy, synsets: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """The ``k`` other positions of greatest similarity, in the better of the two directions, for each synset.

    Args:
        taxonomy: where the synsets are from.
        synsets: ``n`` synsets.
        k: how many, below ``n``.

    Returns:
        ``n k`` positions and ``n k`` similarities, most similar first; of equals the one that stands first in
        ``synsets``.
    """
    n = len(synsets)
    if not 1 <= k < n:
        raise ValueError(f"expected k from 1 to {n - 1}, got {k}")
    blocks = WupBlocks(taxonomy, synsets, synsets, either=True)
    place = np.argsort(blocks.column_order)
    columns, similarities = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for positions, values in blocks:
        values[np.arange(len(positions)), place[positions]] = -1  # itself
        # Similarity and position as one number: floats from 0 on are ordered as their bits are.
        keys = (values.view(np.int32).astype(np.int64) << 32) - blocks.column_order
        best = -np.sort(-np.partition(keys, n - k, axis=1)[:, n - k :], axis=1)
        columns[positions] = -best % (1 << 32)
        similarities[positions] = np.take_along_axis(values, place[columns[positions]], axis=1)
    return columns, similarities
