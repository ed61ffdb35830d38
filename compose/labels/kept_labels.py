"""Vectors and graphs of labels as a run keeps them, in place of what made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jaxtyping import Float, Int64
from torch import Tensor

from compose.data.source import LabelTable
from compose.graphs.vectors.label_vectors import LabelVectors

NameAndSynset = tuple[str, str | None]
"""A label's name and its synset."""


class KeptVectors(LabelVectors):
    """The vectors of some labels.

    Args:
        meanings: the labels.
        vectors: theirs.
    """

    def __init__(self, meanings: Sequence[NameAndSynset], vectors: Float[Tensor, "l d"]) -> None:
        self.meanings, self.vectors = tuple(meanings), vectors
        self._rows = {meaning: row for row, meaning in enumerate(meanings)}

    @property
    def dim(self) -> int:
        """The size of a vector."""
        return self.vectors.shape[1]

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels that are among those kept."""
        return self.vectors[[self._rows[meaning] for meaning in zip(names, synsets, strict=True)]]


class KeptEdges:
    """The edges of a graph: what a label space reads of it.

    Args:
        edges: source, target and relation of each, ``3 e``; runs of earlier versions keep no relations.
    """

    def __init__(self, edges: Int64[Tensor, "_ e"]) -> None:
        self.edges = edges[:2]
        self.relations = edges[2] if len(edges) > 2 else edges[0].ne(edges[1]).long()


class KeptGraphs:
    """The graphs over some sets of labels.

    Args:
        graphs: the names of a set -> the edges of its graph, with their relations.
    """

    def __init__(self, graphs: Mapping[tuple[str, ...], Int64[Tensor, "_ e"]]) -> None:
        self.graphs = graphs

    @property
    def num_relations(self) -> int:
        """How many relations the edges stand for."""
        return max((int(KeptEdges(edges).relations.max()) for edges in self.graphs.values()), default=1)

    def __call__(self, names: Sequence[str], *others: Any) -> KeptEdges:
        """The graph over a set that is among those kept.

        Raises:
            ValueError: it is not.
        """
        if tuple(names) not in self.graphs:
            raise ValueError(f"the run keeps no graph over these {len(names)} labels")
        return KeptEdges(self.graphs[tuple(names)])


def meanings(table: LabelTable) -> list[NameAndSynset]:
    """The labels of a table."""
    return list(zip(table.names, table.synsets, strict=True))
