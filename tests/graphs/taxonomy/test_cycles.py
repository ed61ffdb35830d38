"""A hypernym relation that goes in a circle is told as such, and does not keep the machine busy for ever."""

from __future__ import annotations

import numpy as np
import pytest

from compose.graphs.taxonomy.ancestors import closure, longest_paths

STARTS, PARENTS = np.array([0, 1, 2, 3]), np.array([1, 2, 0])  # 0 -> 1 -> 2 -> 0


def test_ancestors_of_a_circle() -> None:
    with pytest.raises(ValueError, match="the hypernym relation has a cycle"):
        closure(STARTS, PARENTS, np.array([0, 1]))


def test_paths_of_a_circle() -> None:
    with pytest.raises(ValueError, match="the hypernym relation has a cycle"):
        longest_paths(STARTS, PARENTS)
