"""The thresholds for which edges are counted where none are asked for."""

from __future__ import annotations

from itertools import pairwise

from compose.graphs.label_graphs.wup_graph import WupGraph

NOUNS = ("dog", "cat", "wolf", "car", "tree", "apple", "hammer", "idea", "river", "violin")


def test_they_rise_and_can_all_be_passed() -> None:
    counts = WupGraph().edge_counts(NOUNS, (None,) * len(NOUNS))
    assert all(0 < one < other < 1 for one, other in pairwise(counts))
    assert all(fewer <= more for more, fewer in pairwise(counts.values()))
    assert len(counts) == 8
    assert list(counts.values())[-1] > 0  # dog and wolf
