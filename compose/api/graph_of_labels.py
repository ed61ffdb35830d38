"""The graph over a spec's labels, as ``compose graph --labels`` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compose.errors import SpecError, SpecErrors, UsageError

if TYPE_CHECKING:
    from compose.graphs.label_graphs.label_graph import LabelGraph
    from compose.labels.label_nodes import Nodes
    from compose.training.prepare import Prepared


@dataclass(frozen=True, kw_only=True)
class GraphOfLabels:
    """A graph over the labels of a spec.

    Args:
        graph: the graph.
        nodes: what its nodes are: labels, seen and unseen, and external classes.
        maker: what made it; the default one where the spec has none.
        is_default: whether the spec has none.
    """

    graph: LabelGraph
    nodes: Nodes
    maker: Any
    is_default: bool


def graph_of_labels(made: Prepared) -> GraphOfLabels:
    """The graph over all labels of a spec.

    Args:
        made: the spec with all that it names.

    Raises:
        SpecErrors: the labels have no graph.
        UsageError: the spec's graph is none that can be shown.
    """
    from compose.graphs.label_graphs.label_graph import LabelGraph
    from compose.graphs.label_graphs.wup_graph import WupGraph
    from compose.labels.label_nodes import graph_nodes
    from compose.spec.yaml.tree import place_of

    is_default = made.labels.graph is None
    maker: Any = WupGraph() if is_default else made.labels.graph
    nodes = graph_nodes(made.labels, made.source.labels)
    try:
        graph = maker(*nodes.arguments)
    except (ValueError, OSError) as error:
        path = ("data",) if is_default else ("labels", "graph")
        raise SpecErrors([SpecError("labels", str(error), place_of(made.spec.tree, path))]) from error
    if not isinstance(graph, LabelGraph):
        raise UsageError(f"expected `labels.graph` to give a LabelGraph, got {type(graph).__name__}")
    return GraphOfLabels(graph=graph, nodes=nodes, maker=maker, is_default=is_default)
