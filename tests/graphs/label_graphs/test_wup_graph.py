from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from compose.block import BlockError
from compose.graphs import GraphsError, MissingLabels, TaxonomyError
from compose.graphs.label_graphs.label_graph import LabelGraph
from compose.graphs.label_graphs.wup_graph import THRESHOLDS, WupGraph
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.similarity.wup_edges import nearest_hypernyms
from compose.graphs.taxonomy.build_taxonomy import build_taxonomy
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy

LABELS = ["dog", "cat", "lion", "wolf", "dogs", "animal", "carnivore", "car", "truck", "vehicle", "tree", "oak", "idea"]
NONE = [None] * len(LABELS)
Pairs = set[tuple[int, int]]


@pytest.fixture(scope="module")
def many() -> list[str]:
    """WordNet ids from all over the nouns, one of them twice."""
    from compose.graphs.taxonomy.taxonomy import load_taxonomy

    taxonomy = load_taxonomy()
    drawn = np.random.default_rng(0).choice(len(taxonomy), 180, replace=False)
    return [taxonomy.wordnet_id(int(synset)) for synset in [*drawn, drawn[7]]]


def table(taxonomy: Taxonomy, names: list[str]) -> NDArray[np.float32]:
    """The greater similarity of both directions of all pairs; a node's own is out of the question."""
    synsets = find_synsets(taxonomy, names)
    there = wup_similarities(taxonomy, synsets)
    both = np.maximum(there, there.T)
    np.fill_diagonal(both, -1)
    return both


def similar(similarities: NDArray[np.float32], threshold: float, top_k: int | None) -> Pairs:
    """Which nodes choose which, written out."""
    found = set()
    for node, row in enumerate(similarities.tolist()):
        order = sorted((i for i in range(len(row)) if i != node), key=lambda i: (-row[i], i))
        found |= {(node, i) for i in order[:top_k] if row[i] > np.float32(threshold)}
    return found | {(other, node) for node, other in found}


def above(taxonomy: Taxonomy, names: list[str]) -> Pairs:
    """Nodes and their nearest hypernyms, written out."""
    synsets = find_synsets(taxonomy, names).tolist()

    def up(synset: int) -> Iterator[int]:
        for parent in taxonomy.hypernyms(synset):
            if parent in synsets:
                yield parent
            else:
                yield from up(parent)

    nearest = [set(up(synset)) for synset in synsets]
    return {(i, j) for i, found in enumerate(nearest) for j, other in enumerate(synsets) if other in found}


def edges(graph: LabelGraph) -> list[tuple[int, int]]:
    """(target, source) in the order of the graph."""
    return list(zip(graph.edges[1].tolist(), graph.edges[0].tolist(), strict=True))


@pytest.mark.parametrize("top_k", [None, 1, 3, 500])
@pytest.mark.parametrize("threshold", [0.0, 0.6])
@pytest.mark.parametrize("hierarchy", [False, True])
def test_the_rule_written_out(
    taxonomy: Taxonomy, many: list[str], threshold: float, top_k: int | None, hierarchy: bool
) -> None:
    names = [*LABELS, *many]
    graph = WupGraph(threshold, top_k=top_k, hierarchy=hierarchy)(names, [None] * len(names))
    similarities = table(taxonomy, names)
    up = above(taxonomy, names) if hierarchy else set()
    kin = up | {(other, node) for node, other in up}
    loops = {(node, node) for node in range(len(names))}
    assert edges(graph) == sorted(similar(similarities, threshold, top_k) | kin | loops)
    assert graph.edges.dtype == np.int64
    assert {edge for edge, is_kin in zip(edges(graph), graph.hypernym, strict=True) if is_kin} == kin
    np.fill_diagonal(similarities, 1)
    assert np.array_equal(graph.similarities, similarities[graph.edges[1], graph.edges[0]])


def test_labels_first_then_external_nodes(taxonomy: Taxonomy) -> None:
    graph = WupGraph()(["queen", "rook"], ["queen.n.08", None], ["a card", "crow"], ["queen.n.04", None])
    assert graph.names == ("queen", "rook", "a card", "crow")
    assert graph.num_labels == 2
    names = [taxonomy.name(synset) for synset in graph.synsets.tolist()]
    assert names[0] == "queen.n.08"
    assert names[2] == "queen.n.04"


def test_thousands_of_nodes(taxonomy: Taxonomy) -> None:
    """More than fit one block of similarities."""
    drawn = np.random.default_rng(2).choice(len(taxonomy), 2300, replace=False)
    names = [taxonomy.wordnet_id(int(synset)) for synset in drawn]
    similarities = table(taxonomy, names)
    graph = WupGraph(0.6)(names, [None] * len(names))
    np.fill_diagonal(similarities, 1)
    targets, sources = np.nonzero(similarities > np.float32(0.6))
    assert np.array_equal(graph.edges, np.stack([sources, targets]))
    assert WupGraph().edge_counts(names, [None] * len(names), thresholds=[0.6]) == {0.6: graph.num_edges}


def test_edge_counts(taxonomy: Taxonomy, many: list[str]) -> None:
    counts = WupGraph(0.9, top_k=1).edge_counts(LABELS, NONE, many, [None] * len(many))
    similarities = table(taxonomy, [*LABELS, *many])
    assert list(counts) == list(THRESHOLDS)
    assert counts == {bound: int((similarities > np.float32(bound)).sum()) // 2 for bound in THRESHOLDS}


def test_a_similarity_that_equals_the_threshold_joins_nothing(taxonomy: Taxonomy) -> None:
    value = float(table(taxonomy, ["dog", "cat"])[0, 1])
    assert WupGraph(value - 1e-6)(["dog", "cat"], [None] * 2).num_edges == 1
    with pytest.raises(GraphsError):
        WupGraph(value)(["dog", "cat"], [None] * 2)


def test_nearest_hypernyms_stop_at_the_first(taxonomy: Taxonomy) -> None:
    names = ["dog", "carnivore", "animal", "oak", "dogs"]
    below, hypernyms = nearest_hypernyms(taxonomy, find_synsets(taxonomy, names))
    pairs = {(names[i], names[j]) for i, j in zip(below, hypernyms, strict=True)}
    # WordNet's dog is a domestic animal too, so that one way up passes no carnivore.
    assert pairs == {("dog", "carnivore"), ("dog", "animal"), ("dogs", "carnivore"), ("dogs", "animal"),
                     ("carnivore", "animal")}  # fmt: skip


def test_one_node_and_none() -> None:
    assert WupGraph(top_k=3, hierarchy=True)(["dog"], [None]).edges.tolist() == [[0], [0]]
    assert WupGraph()([], []).edges.shape == (2, 0)


@pytest.mark.parametrize("threshold", [-0.1, 1.5])
def test_a_threshold_out_of_range(threshold: float) -> None:
    with pytest.raises(BlockError, match=f"expected a similarity from 0 to 1, got {threshold}") as caught:
        WupGraph(threshold)
    assert caught.value.parameter == "threshold"


def test_top_k_out_of_range() -> None:
    with pytest.raises(BlockError, match="expected at least 1 similar node, got 0") as caught:
        WupGraph(top_k=0)
    assert caught.value.parameter == "top_k"


def test_no_edges() -> None:
    with pytest.raises(GraphsError) as caught:
        WupGraph(0.9)(["dog", "car", "idea"], [None] * 3)
    message = (
        "no two of the 3 nodes are joined: the greatest WUP similarity among them is 0.400, and `threshold` is 0.9"
    )
    assert str(caught.value) == f"{message}; lower it"


def test_unknown_labels() -> None:
    with pytest.raises(MissingLabels) as caught:
        WupGraph()(["dog", "giraf"], [None, None], ["a verb", "zebra"], ["run.v.01", None])
    assert caught.value.missing == ["giraf", "a verb"]
    assert "run.v.01 is no noun" in str(caught.value)


def test_another_wordnet(write_wordnet: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("nltk")
    build_taxonomy(write_wordnet(), tmp_path / "little.npz")
    graph = WupGraph(taxonomy=tmp_path / "little.npz")(["mice", "pet", "entity"], [None] * 3)
    assert [other.name for other in graph.neighbours("mice")] == ["pet"]


def test_a_damaged_taxonomy(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with pytest.raises(TaxonomyError, match="the taxonomy is damaged"):
        WupGraph(taxonomy=tmp_path / "bad.npz")(["dog"], [None])
