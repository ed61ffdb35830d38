"""The graph of four relations against nltk-like rules, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from compose.block import BlockError
from compose.graphs.label_graphs.knowledge_graph import LOOP, NEGATIVE, POSITIVE, TO_CHILD, TO_PARENT, KnowledgeGraph
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.taxonomy.taxonomy import load_taxonomy

NAMES = ("animal", "dog", "wolf", "canine", "car", "love", "idea", "truck", "domestic_animal")


def above(taxonomy, synset):
    """All hypernyms of a synset."""
    found = set()
    for parent in taxonomy.hypernyms(synset):
        found |= {parent} | above(taxonomy, parent)
    return found


@pytest.mark.parametrize(("positive", "negative"), [(0.5, 0.2), (0.8, 0.0), (0.3, 0.3)])
def test_each_pair_has_the_relation_that_its_synsets_have(positive, negative):
    taxonomy, graph = load_taxonomy(), KnowledgeGraph(positive, negative=negative)(NAMES, [None] * len(NAMES))
    similar = wup_similarities(taxonomy, graph.synsets)
    expected = {}
    for u, one in enumerate(graph.synsets.tolist()):
        for v, other in enumerate(graph.synsets.tolist()):
            similarity = max(similar[u, v], similar[v, u])
            if u == v:
                expected[v, u] = LOOP
            elif other in above(taxonomy, one):
                expected[v, u] = TO_CHILD
            elif one in above(taxonomy, other):
                expected[v, u] = TO_PARENT
            elif similarity > np.float32(positive):
                expected[v, u] = POSITIVE
            elif similarity < np.float32(negative):
                expected[v, u] = NEGATIVE
    assert dict(zip(map(tuple, graph.edges.T.tolist()), graph.relations.tolist(), strict=True)) == expected
    assert {TO_CHILD, TO_PARENT, POSITIVE, LOOP} <= set(expected.values())
    words = {LOOP: "similar", POSITIVE: "similar", NEGATIVE: "unlike", TO_CHILD: "hypernym", TO_PARENT: "hypernym"}
    assert [graph.kind(edge) for edge in range(len(graph.relations))] == [words[k] for k in graph.relations.tolist()]
    assert graph.edges[1].tolist() == sorted(graph.edges[1].tolist())


def test_a_synset_may_be_there_twice():
    graph = KnowledgeGraph()(["dog", "animal"], [None, None], ["dogs"], ["dog.n.01"])
    assert (graph.relations == TO_PARENT).sum() == 2


def test_unlike_is_less_than_alike():
    with pytest.raises(BlockError, match=r"expected at most the 0\.5 of `positive`, got 0\.6") as error:
        KnowledgeGraph(negative=0.6)
    assert error.value.parameter == "negative"
