"""``compose graph --labels SPEC``: the graph over a spec's labels, in numbers, and the neighbours of one of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.drawing.graph.neighbourhood import Spoke
    from compose.graphs.label_graphs.label_graph import LabelGraph
    from compose.labels.label_nodes import Nodes
    from compose.spec.read import Spec


def check_output(output: Path | None, node: str | None) -> None:
    """What can be written of a label graph.

    Raises:
        UsageError: the name ends otherwise, or asks for a drawing of the whole graph.
    """
    from compose.errors import UsageError

    if output is None:
        return
    if output.suffix not in (".svg", ".graphml"):
        raise UsageError(f"-o {output}: expected a name that ends in .graphml (the graph) or .svg (with --node NAME)")
    if output.suffix == ".svg" and node is None:
        message = "expected --node NAME, whose neighbours are drawn; a file .graphml takes the whole graph"
        raise UsageError(f"-o {output}: {message}")


def label_graph(spec: Spec, *, node: str | None, output: Path | None) -> None:
    """Print the label graph of a spec, or the neighbours of a node, and write it to a file where asked.

    Raises:
        SpecErrors: the labels have no graph.
        UsageError: there is no such node.
    """
    from compose.api.graph_of_labels import graph_of_labels
    from compose.cli.console import done, note, status
    from compose.cli.printing.label_tables import print_graph, print_neighbours, print_thresholds
    from compose.training.prepare import prepare

    with status("making the label graph"):
        made = graph_of_labels(prepare(spec))
    graph, nodes = made.graph, made.nodes
    if made.is_default:
        note("the spec has no `labels.graph`; this is `{use: wup}`")
    at = None if node is None else _find(graph, node)
    if at is None:
        print_graph(graph, nodes)
        print_thresholds(made.maker, nodes)
    else:
        print_neighbours(graph, nodes, at)
    if output is not None:
        _write(graph, nodes, at, output)
        done(f"wrote {output}")


def _find(graph: LabelGraph, name: str) -> int:
    from compose.errors import UsageError
    from compose.graphs import GraphsError

    try:
        return graph.find(name)
    except GraphsError as error:
        raise UsageError(f"--node {error}") from error


def _write(graph: LabelGraph, nodes: Nodes, node: int | None, output: Path) -> None:
    from compose.cli.printing.label_tables import neighbour_count, synset_text
    from compose.drawing.graph.neighbourhood import neighbourhood_svg
    from compose.graphs.label_graphs.graph_export import write_graphml

    if node is None or output.suffix == ".graphml":
        write_graphml(graph, output, nodes.seen)
        return
    subtitle = (
        f"{synset_text(graph, node)}; {neighbour_count(graph, node)}, the nearer the greater their WUP similarity"
    )
    text = neighbourhood_svg(graph.names[node], nodes.group(node), _spokes(graph, nodes, node), subtitle=subtitle)
    output.write_text(text, "utf-8")


def _spokes(graph: LabelGraph, nodes: Nodes, node: int) -> list[Spoke]:
    from compose.cli.printing.label_tables import synset_text
    from compose.drawing.graph.neighbourhood import Spoke

    return [
        Spoke(
            other.name,
            other.similarity,
            nodes.group(other.node),
            other.kind == "hypernym",
            f"{other.name} ({synset_text(graph, other.node)}): {other.similarity:.3f}, {other.kind}",
        )
        for other in graph.neighbours(node)
    ]
