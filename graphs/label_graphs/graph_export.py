"""A label graph for other programs: networkx, and GraphML files (Gephi, yEd, Cytoscape)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compose.graphs.label_graphs.label_graph import LabelGraph

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(graph: LabelGraph, seen: Sequence[bool] | None = None) -> nx.Graph[int]:
    """The graph without its loops, each pair of nodes joined once.

    A node is its number. Its attributes are ``label``, ``synset`` (``lion.n.01``), ``wordnet_id`` and ``kind``:
    ``seen``, ``unseen`` or ``external``. Those of an edge are ``wup`` and ``kind``: ``similar``,
    ``hypernym`` or ``unlike``.

    Args:
        graph: the graph.
        seen: whether each label is seen; where not given, the kind of a label is ``label``.
    """
    import networkx as nx

    made: nx.Graph[int] = nx.Graph()
    made.add_nodes_from((node, _attributes(graph, node, seen)) for node in range(len(graph)))
    made.add_edges_from(_edges(graph))
    return made


def write_graphml(graph: LabelGraph, path: Path, seen: Sequence[bool] | None = None) -> None:
    """Write the graph of :func:`to_networkx` as a GraphML file."""
    import networkx as nx

    nx.write_graphml_xml(to_networkx(graph, seen), path)  # without lxml: the same file on every machine


def _attributes(graph: LabelGraph, node: int, seen: Sequence[bool] | None) -> dict[str, Any]:
    synset = int(graph.synsets[node])
    return {
        "label": _without_controls(graph.names[node]),
        "synset": graph.taxonomy.name(synset),
        "wordnet_id": graph.taxonomy.wordnet_id(synset),
        "kind": _kind(graph, node, seen),
    }


def _without_controls(name: str) -> str:
    """A name as XML may hold it: control characters, and those without a width, as escapes."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in name)


def _kind(graph: LabelGraph, node: int, seen: Sequence[bool] | None) -> str:
    if node >= graph.num_labels:
        return "external"
    if seen is None:
        return "label"
    return "seen" if seen[node] else "unseen"


def _edges(graph: LabelGraph) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for edge in np.flatnonzero(graph.edges[0] < graph.edges[1]).tolist():
        one, other = graph.edges[:, edge].tolist()
        wup = round(float(graph.similarities[edge]), 6)
        yield one, other, {"wup": wup, "kind": graph.kind(edge)}
