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
    n = len(starts) - 1
    level = np.arange(len(synsets)) * n + synsets  # a pair (position, synset) as one number
    levels = [level]
    while len(level):
        positions, nodes = np.divmod(level, n)
        counts = starts[nodes + 1] - starts[nodes]
        edges = np.repeat(starts[nodes] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        level = np.unique(np.repeat(positions, counts) * n + parents[edges])
        levels.append(level)
        _check_depth(len(levels))
    positions, ancestors = np.divmod(np.unique(np.concatenate(levels)), n)
    return positions, ancestors


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


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("the hypernym relation has a cycle")
