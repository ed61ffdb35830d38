from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from compose.graphs import GraphsError
from compose.graphs.label_graphs.graph_export import to_networkx, write_graphml
from compose.graphs.label_graphs.label_graph import LabelGraph, Neighbour
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy


@pytest.fixture
def graph(taxonomy: Taxonomy) -> LabelGraph:
    """Two labels that are joined and one that is alone, beside two external nodes; the second is called as a label."""
    synsets = ["dog.n.01", "wolf.n.01", "idea.n.01", "canine.n.02", "wolf.n.02"]
    pairs = {(0, 1): 0.9, (0, 3): 0.95, (1, 3): 0.95, (1, 4): 0.6}
    both = {(i, i): 1.0 for i in range(5)} | pairs | {(j, i): value for (i, j), value in pairs.items()}
    keys = sorted(both)
    return LabelGraph(
        taxonomy=taxonomy,
        names=("dog", "wolf", "idea", "canine", "wolf"),
        synsets=find_synsets(taxonomy, synsets),
        num_labels=3,
        edges=np.array([[source for _, source in keys], [target for target, _ in keys]]),
        similarities=np.array([both[key] for key in keys], np.float32),
        hypernym=np.array([3 in key and key != (3, 3) for key in keys]),
    )


def test_degrees(graph: LabelGraph) -> None:
    assert graph.degrees.tolist() == [2, 3, 0, 2, 1]
    assert graph.num_edges == 4
    assert len(graph) == 5


def test_neighbours_most_similar_first(graph: LabelGraph) -> None:
    found = graph.neighbours("wolf")
    assert [(other.name, other.node, other.kind, other.external) for other in found] == [
        ("canine", 3, "hypernym", True),
        ("dog", 0, "similar", False),
        ("wolf", 4, "similar", True),
    ]
    assert found[0] == Neighbour(3, "canine", pytest.approx(0.95), "hypernym", True)
    assert graph.neighbours("idea") == []
    assert [other.node for other in graph.neighbours(4)] == [1]


@pytest.mark.parametrize(
    ("name", "node"), [("wolf", 1), ("wolf.n.02", 4), ("n02084071", 0), ("dogs", 0), ("canine", 3), ("Idea", 2)]
)
def test_a_node_by_name_synset_or_id(graph: LabelGraph, name: str, node: int) -> None:
    assert graph.find(name) == node


@pytest.mark.parametrize(
    ("name", "hint"), [("cat", ""), ("wolve", "; did you mean `wolf`?"), ("wolf.n.03", "; did you mean `wolf`?")]
)
def test_no_such_node(graph: LabelGraph, name: str, hint: str) -> None:
    with pytest.raises(GraphsError) as caught:
        graph.find(name)
    assert str(caught.value) == f"`{name}` is none of the 5 nodes of the graph{hint}"


def test_networkx(graph: LabelGraph) -> None:
    made = graph.to_networkx([True, False, True])
    assert not made.is_directed()
    assert dict(made.degree()) == dict(enumerate(graph.degrees.tolist()))
    assert nx.number_of_selfloops(made) == 0
    assert made.nodes[1] == {"label": "wolf", "synset": "wolf.n.01", "wordnet_id": "n02114100", "kind": "unseen"}
    assert [made.nodes[node]["kind"] for node in made] == ["seen", "unseen", "seen", "external", "external"]
    assert made.edges[0, 3] == {"wup": pytest.approx(0.95), "kind": "hypernym"}
    assert made.edges[1, 4]["kind"] == "similar"
    assert to_networkx(graph).nodes[1]["kind"] == "label"


def test_graphml_reads_back(graph: LabelGraph, tmp_path: Path) -> None:
    write_graphml(graph, tmp_path / "labels.graphml", [True, False, True])
    made, back = graph.to_networkx([True, False, True]), nx.read_graphml(tmp_path / "labels.graphml", node_type=int)
    assert dict(back.nodes(data=True)) == dict(made.nodes(data=True))
    assert {frozenset(pair[:2]): pair[2] for pair in back.edges(data=True)} == {
        frozenset(pair[:2]): pair[2] for pair in made.edges(data=True)
    }
