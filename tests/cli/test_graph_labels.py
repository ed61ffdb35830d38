"""``compose graph --labels``."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest

from compose.data.drawn.glyph_table import glyph_table
from compose.graphs.label_graphs.wup_graph import WupGraph

NOTE = "note: the spec has no `labels.graph`; this is `{use: wup}`\n"
WUP = ("-s", "labels.graph={use: wup, threshold: 0.7, hierarchy: true}")
EXTERNAL = ("-s", "labels.external={use: imagenet_classes}")


def test_numbers_of_the_default_graph(run: Any) -> None:
    result = run("graph", "--labels", "small.yaml")
    assert result.exit_code == 0
    assert result.stderr == NOTE
    table = glyph_table().labels
    graph = WupGraph()(table.names, table.synsets)
    lines = result.stdout.splitlines()
    assert lines[:2] == [
        "labels    161: 128 seen, 33 unseen",
        f"edges     {graph.num_edges:,} pairs of nodes, and a loop at each",
    ]
    assert lines[2] == f"degrees   min 0, median 15, mean {graph.degrees.mean():.1f}, max {graph.degrees.max()}"
    assert lines[3] == "isolated  1 label: snowflake"
    counts = WupGraph().edge_counts(table.names, table.synsets)
    assert [line.split() for line in lines[7:]] == [[f"{t:g}", f"{count:,}"] for t, count in counts.items()]


def test_the_graph_of_the_spec_with_external_classes(run: Any) -> None:
    result = run("graph", "--labels", "small.yaml", *WUP, *EXTERNAL)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "external  989 of 1,000 classes; 11 are labels: tick, lion, ram, castle, envelope, " in result.stdout
    assert "isolated  " in result.stdout
    assert " external classes\n" in result.stdout


def test_neighbours_as_text(run: Any) -> None:
    result = run("graph", "--labels", "small.yaml", "--node", "placental", *WUP)
    assert result.stdout.splitlines()[:3] == [
        "placental (placental.n.01, n01886756), unseen: 4 neighbours",
        "  wup    neighbour  node    edge      synset",
        "  0.957  cow        seen    hypernym  cow.n.02, n01887787",
    ]
    external = run("graph", "--labels", "small.yaml", "--node", "n02123045", *WUP, *EXTERNAL).stdout
    assert external.startswith("tabby (tabby.n.01, n02123045), external: ")
    assert " seen    " in external


def test_neighbours_as_svg(run: Any) -> None:
    result = run("graph", "--labels", "small.yaml", "--node", "cat", "-o", "cat.svg")
    assert result.exit_code == 0
    assert result.stderr == NOTE + "wrote cat.svg\n"
    texts = {node.text for node in ElementTree.parse("cat.svg").iter("{http://www.w3.org/2000/svg}text")}
    assert {"cat", "placental", "cow", "mouse", "monkey", "seen", "unseen"} <= texts


@pytest.mark.parametrize("words", [(), ("--node", "cat")])
def test_the_whole_graph_as_graphml(words: tuple[str, ...], run: Any) -> None:
    result = run("graph", "--labels", "small.yaml", *words, "-o", "labels.graphml", *WUP)
    assert result.stderr == "wrote labels.graphml\n"
    made = nx.read_graphml("labels.graphml")
    kinds = [kind for _, kind in made.nodes(data="kind")]
    assert (kinds.count("seen"), kinds.count("unseen")) == (128, 33)
    assert {kind for _, _, kind in made.edges(data="kind")} == {"similar", "hypernym"}


def test_labels_that_strict_drops_are_no_nodes(run: Any) -> None:
    Path("labels.csv").write_text("image,labels\na.jpg,dog;dogs;cat;car;truck\n")
    result = run(
        "graph", "--labels", "small.yaml", "-s", "labels.strict=true",
        "-s", "data={use: images, labels: labels.csv, folder: ., unseen: [dog]}",
    )  # fmt: skip
    assert "labels    4: 3 seen, 1 unseen" in result.stdout, result.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--node", "cat"], "error: --node names a label of the graph that --labels shows; give both\n"),
        (["--labels", "-o", "a.png"], "error: -o a.png: expected a name that ends in .graphml (the graph) or .svg"),
        (["--labels", "-o", "a.svg"], "error: -o a.svg: expected --node NAME, whose neighbours are drawn"),
        (["--labels", "-o", "no/a.graphml"], "error: -o no/a.graphml: there is no folder no\n"),
        (
            ["--labels", "--node", "cta"],
            "error: --node `cta` is none of the 161 nodes of the graph; did you mean `cat`?",
        ),
        (["--labels", "-s", "labels.graph={use: wup, threshold: 1}"], "error: no two of the 161 nodes are joined: "),
        (["--labels", "-s", "labels.graph={use: wup, taxonomy: no.npz}"], "/no.npz: there is no such taxonomy"),
    ],
)
def test_mistakes(words: list[str], expected: str, run: Any) -> None:
    result = run("graph", "small.yaml", *words)
    assert result.exit_code == 2
    assert expected in result.stderr


def test_labels_that_are_no_nouns(run: Any) -> None:
    Path("labels.csv").write_text("image,labels\na.jpg,dog;catt;xqzzq\n")
    result = run("graph", "--labels", "small.yaml", "-s", "data={use: images, labels: labels.csv, folder: .}")
    assert result.exit_code == 2
    assert "2 labels are not in WordNet 3.0's nouns:\n  `catt`" in result.stderr
