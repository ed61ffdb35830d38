"""Edges to nearest hypernyms have the similarity of their nodes, however many there are."""

from __future__ import annotations

import numpy as np
import pytest

from compose.graphs.similarity import wup_edges as edges_module
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.similarity.wup_blocks import depth_first
from compose.graphs.similarity.wup_edges import wup_edges
from compose.graphs.taxonomy.taxonomy import Taxonomy

SYNSETS = 60


@pytest.mark.parametrize("chunk", [512, 7])
def test_their_similarity_is_the_greater_of_both_ways(
    taxonomy: Taxonomy, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edges_module, "CHUNK", chunk)
    synsets = np.sort(np.random.default_rng(0).choice(min(400, len(taxonomy)), SYNSETS, replace=False))
    found = wup_edges(taxonomy, synsets, threshold=1.0, most=None, hierarchy=True)
    both = wup_similarities(taxonomy, synsets, synsets)
    expected = np.maximum(both, both.T)
    sources, targets = found.edges[:, found.hypernym]
    assert len(sources) > 0
    np.testing.assert_allclose(found.similarities[found.hypernym], expected[sources, targets], rtol=1e-6)


def test_what_lies_below_an_ancestor_stands_together(taxonomy: Taxonomy) -> None:
    synsets = np.arange(len(taxonomy))
    place = np.argsort(depth_first(taxonomy, synsets))
    depths, single = taxonomy.max_depths, np.bincount(taxonomy.children, minlength=len(taxonomy)) == 1
    above = np.full(len(taxonomy), -1)
    above[taxonomy.children] = taxonomy.parents
    tops = [node for node in range(len(taxonomy)) if depths[node] == 6][:20]
    for top in tops:
        below = [top]
        for node in below:
            below += [child for child in np.flatnonzero(above == node).tolist() if single[child]]
        only = place[np.array(below)]
        if all(single[node] for node in below) and _whole(taxonomy, below):
            assert only.max() - only.min() + 1 == len(below)


def _whole(taxonomy: Taxonomy, below: list[int]) -> bool:
    """Whether nothing below has hypernyms elsewhere, too."""
    inside = set(below)
    children = taxonomy.children[np.isin(taxonomy.parents, below)]
    return set(children.tolist()) <= inside
