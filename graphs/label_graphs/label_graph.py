"""A graph over labels: nodes with their synsets, and edges with their similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compose.graphs.graph_errors import GraphsError
from compose.graphs.taxonomy.ancestors import IntArray
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy

if TYPE_CHECKING:
    import networkx as nx

EdgeKind = Literal["similar", "hypernym", "unlike"]


class Neighbour(NamedTuple):
    """A node beside another.

    Args:
        node: its number.
        name: its name.
        similarity: the WUP similarity of the two.
        kind: ``hypernym`` where one of the two lies above the other and the graph shows it, ``unlike`` where the edge
            says that they are far apart, else ``similar``.
        external: whether it is an external node, no label.
    """

    node: int
    name: str
    similarity: float
    kind: EdgeKind
    external: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelGraph:
    """Labels and external nodes, joined in both directions. Nodes are numbered: the labels first.

    Args:
        taxonomy: what the synsets are numbers of.
        names: ``n`` names; an external node may bear the name of a label.
        synsets: ``n`` synsets.
        num_labels: how many of the nodes are labels.
        edges: ``2 e``: the source and the target of each edge, sorted by target and then source, with a loop at every
            node.
        similarities: ``e``: the WUP similarity of the two nodes of each edge; 1 for a loop.
        hypernym: ``e``: whether an edge joins a node and its nearest hypernym among the nodes.
        unlike: ``e``: whether an edge joins two nodes because they are far apart; None where none does.
        kinds: ``e``: which relation an edge stands for, counted from 1; 0 for a loop. None where there is one alone.
    """

    taxonomy: Taxonomy
    names: tuple[str, ...]
    synsets: IntArray
    num_labels: int
    edges: IntArray
    similarities: NDArray[np.float32]
    hypernym: NDArray[np.bool_]
    unlike: NDArray[np.bool_] | None = None
    kinds: IntArray | None = None

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def degrees(self) -> IntArray:
        """``n``: how many other nodes each node is joined to."""
        return np.bincount(self.edges[1, ~self.loops], minlength=len(self))

    @property
    def num_edges(self) -> int:
        """How many pairs of nodes are joined."""
        return int(self.degrees.sum()) // 2

    @property
    def loops(self) -> NDArray[np.bool_]:
        """``e``: whether an edge leads from a node to itself."""
        return np.asarray(self.edges[0] == self.edges[1])

    @property
    def relations(self) -> IntArray:
        """``e``: the relation of each edge, from 1; 0 for a loop."""
        return np.asarray(~self.loops, np.int64) if self.kinds is None else self.kinds

    def neighbours(self, node: int | str) -> list[Neighbour]:
        """The nodes that a node is joined to, the most similar first, ties in the order of the nodes.

        Args:
            node: its number, or a name as for :meth:`find`.

        Raises:
            GraphsError: there is no such node.
        """
        number = self.find(node) if isinstance(node, str) else node
        first, last = np.searchsorted(self.edges[1], [number, number + 1])
        own = [self._neighbour(edge) for edge in range(first, last) if self.edges[0, edge] != number]
        return sorted(own, key=lambda other: -other.similarity)

    def find(self, name: str) -> int:
        """The number of a node.

        Args:
            name: a label, the name of an external node, or the synset or WordNet id of either.

        Raises:
            GraphsError: there is no such node.
        """
        if name in self.names:
            return self.names.index(name)
        synset = find_synset(self.taxonomy, name)
        if synset in self.synsets:
            return int(np.argmax(self.synsets == synset))
        close = get_close_matches(name, self.names, n=1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        raise GraphsError(f"`{name}` is none of the {len(self):,} nodes of the graph{hint}")

    def to_networkx(self, seen: Sequence[bool] | None = None) -> nx.Graph[int]:
        """The graph for networkx, as :func:`compose.graphs.label_graphs.graph_export.to_networkx` makes it."""
        from compose.graphs.label_graphs.graph_export import to_networkx

        return to_networkx(self, seen)

    def kind(self, edge: int) -> EdgeKind:
        """What an edge says of its two nodes."""
        if self.unlike is not None and self.unlike[edge]:
            return "unlike"
        return "hypernym" if self.hypernym[edge] else "similar"

    def _neighbour(self, edge: int) -> Neighbour:
        node = int(self.edges[0, edge])
        similarity = float(self.similarities[edge])
        return Neighbour(node, self.names[node], similarity, self.kind(edge), node >= self.num_labels)
