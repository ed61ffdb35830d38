"""What all that makes label graphs has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.graphs.label_graphs.label_graph import LabelGraph

NodeNames = Sequence[str]
Synsets = Sequence[str | None]


class LabelGraphs(ABC):
    """What connects labels: a class registered with ``@graph``."""

    num_relations: int = 1
    """How many relations its edges stand for."""

    @abstractmethod
    def __call__(
        self, names: NodeNames, synsets: Synsets, external_names: NodeNames = (), external_synsets: Synsets = ()
    ) -> LabelGraph:
        """The graph over labels and external classes.

        Args:
            names: ``l`` labels: nouns in the singular or plural, synset names, or WordNet ids.
            synsets: ``l`` explicit synsets, None for a label that is looked up by its name.
            external_names: ``x`` further nodes, which come after the labels.
            external_synsets: ``x`` explicit synsets of theirs.

        Raises:
            MissingLabels: all labels and classes that are no noun of WordNet's.
            GraphsError: no node would be joined to another.
        """

    def edge_counts(
        self, names: NodeNames, synsets: Synsets, external_names: NodeNames = (), external_synsets: Synsets = ()
    ) -> Mapping[float, int]:
        """How many pairs of nodes other thresholds would join; empty where edges depend on no threshold.

        The arguments are those of a call.
        """
        return {}
