"""The transitive closure of the hypernym relation, for many synsets at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
MAX_DEPTH = 1000


def closure(starts: IntArray, parents: IntArray, synsets: IntArray) -> tuple[IntArray, IntArray]:
    """All ancestors of each synset, itself among them.

    Args:
        starts: ``n+1``: where a synset's hypernyms start in ``parents``.
        parents: the hypernyms of all synsets.
        synsets: ``k`` synsets.

    Returns:
        Positions in ``synsets`` and ancestors, one entry a pair, sorted by position and then by ancestor.
    """
    positions, ancestors, _ = distances(starts, parents, synsets)
    return positions, ancestors


def distances(starts: IntArray, parents: IntArray, synsets: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """The ``closure`` and, for each of its entries, the edges on the shortest way up to the ancestor."""
    n = len(starts) - 1
    level = np.arange(len(synsets)) * n + synsets  # a pair (position, synset) as one number
    levels = [level]
    while len(level):
        positions, nodes = np.divmod(level, n)
        children, edges = entries(starts, nodes)
        level = np.unique(positions[children] * n + parents[edges])
        levels.append(level)
        _check_depth(len(levels))
    pairs, first = np.unique(np.concatenate(levels), return_index=True)  # the first place is in the first level
    positions, ancestors = np.divmod(pairs, n)
    return positions, ancestors, np.repeat(np.arange(len(levels)), [len(level) for level in levels])[first]


def entries(starts: IntArray, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """All entries of some nodes in an array that holds node after node, such as ``parents``.

    Returns:
        The position in ``nodes`` and the place in the array, for each entry.
    """
    counts = starts[nodes + 1] - starts[nodes]
    places = np.repeat(starts[nodes] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return np.repeat(np.arange(len(nodes)), counts), places


def hyponym_counts(starts: IntArray, parents: IntArray) -> IntArray:
    """``n``: how many synsets lie below each synset, each counted once however many paths lead to it."""
    n = len(starts) - 1
    parent_counts = np.diff(starts)
    leaf = np.bincount(parents, minlength=n) == 0
    # Most synsets are leaves with one hypernym, whose ancestors are those of that hypernym: they count with it.
    simple = leaf & (parent_counts == 1)
    with_leaves = 1 + np.bincount(parents[starts[:-1][simple]], minlength=n)
    others = np.flatnonzero(~simple)
    positions, ancestors = closure(starts, parents, others)
    counts = np.bincount(ancestors, weights=with_leaves[others][positions], minlength=n).astype(np.int64)
    return np.where(simple, 0, counts - 1)


def longest_paths(starts: IntArray, parents: IntArray) -> IntArray:
    """``n``: the edges on the longest way from each synset up to a root.

    Raises:
        ValueError: the hypernym relation has a cycle.
    """
    children = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    depths, deeper = np.full(len(starts) - 1, -1), np.zeros(len(starts) - 1, dtype=np.int64)
    while not np.array_equal(depths, deeper):
        depths = deeper.copy()
        _check_depth(int(depths.max()))
        np.maximum.at(deeper, children, depths[parents] + 1)
    return depths


def shortest_paths(starts: IntArray, parents: IntArray) -> IntArray:
    """``n``: the edges on the shortest way from each synset up to a root."""
    children = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    depths, shorter = np.full(len(starts) - 1, -1), np.where(np.diff(starts) == 0, 0, MAX_DEPTH)
    while not np.array_equal(depths, shorter):
        depths = shorter.copy()
        np.minimum.at(shorter, children, depths[parents] + 1)
    return depths


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("the hypernym relation has a cycle")
