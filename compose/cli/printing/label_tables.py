"""A label graph in numbers, and the neighbours of a node, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.graphs.label_graphs.label_graph import LabelGraph
    from compose.graphs.label_graphs.label_graphs import LabelGraphs
    from compose.labels.label_nodes import Nodes


def print_graph(graph: LabelGraph, nodes: Nodes) -> None:
    """Print how many nodes and edges there are, and how the edges are spread over the nodes."""
    from statistics import median

    from compose.cli.console import table

    degrees, labels, seen = graph.degrees.tolist(), len(nodes.names), sum(nodes.seen)
    rows = [
        ("labels", f"{labels:,}: {seen:,} seen, {labels - seen:,} unseen"),
        *_external(nodes),
        ("edges", f"{graph.num_edges:,} pairs of nodes, and a loop at each"),
        ("degrees", f"min {min(degrees, default=0):,}, median {median(degrees or [0]):,g}, "
                    f"mean {sum(degrees) / max(1, len(degrees)):,.1f}, max {max(degrees, default=0):,}"),
        *_isolated(graph, labels),
    ]  # fmt: skip
    table((), rows, indent=0)


def _external(nodes: Nodes) -> list[tuple[str, str]]:
    kept, dropped = len(nodes.external_names), len(nodes.dropped)
    if not kept + dropped:
        return []
    names = f": {', '.join(nodes.dropped)}" if dropped else ""
    return [("external", f"{kept:,} of {kept + dropped:,} classes; {dropped:,} are labels{names}")]


def _isolated(graph: LabelGraph, labels: int) -> list[tuple[str, str]]:
    """The labels that are joined to nothing by name, the external nodes by number."""
    alone = (graph.degrees == 0).nonzero()[0].tolist()
    names = [graph.names[node] for node in alone if node < labels]
    count = f"{len(names):,} label{'s' if len(names) > 1 else ''}"
    rows = [("isolated", f"{count}: {', '.join(names)}" if names else "no label")]
    others = len(alone) - len(names)
    if others:
        rows.append(("", f"{others:,} external class{'es' if others > 1 else ''}"))
    return rows


def print_thresholds(maker: LabelGraphs, nodes: Nodes) -> None:
    """Print how many edges other thresholds would give, where what makes the graph can count them."""
    from compose.cli.console import echo, table

    counts = maker.edge_counts(*nodes.arguments)
    if counts:
        echo("\npairs of nodes whose WUP similarity is greater than a threshold")
        rows = [(f"{threshold:g}", f"{count:,}") for threshold, count in counts.items()]
        table(("threshold", "pairs"), rows, right=(0, 1))


def print_neighbours(graph: LabelGraph, nodes: Nodes, node: int) -> None:
    """Print what a node is and its neighbours, the most similar first."""
    from compose.cli.console import echo_name, table

    what = f"{graph.names[node]} ({synset_text(graph, node)}), {nodes.group(node)}"
    echo_name(f"{what}: {neighbour_count(graph, node)}")
    rows = [
        (f"{other.similarity:.3f}", other.name, nodes.group(other.node), other.kind, synset_text(graph, other.node))
        for other in graph.neighbours(node)
    ]
    if rows:
        table(("wup", "neighbour", "node", "edge", "synset"), rows)


def neighbour_count(graph: LabelGraph, node: int) -> str:
    """How many nodes a node is joined to."""
    count = int(graph.degrees[node])
    return f"{count:,} neighbour{'s' if count != 1 else ''}"


def synset_text(graph: LabelGraph, node: int) -> str:
    """The synset of a node and its WordNet id."""
    synset = int(graph.synsets[node])
    return f"{graph.taxonomy.name(synset)}, {graph.taxonomy.wordnet_id(synset)}"
