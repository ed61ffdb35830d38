"""The label graph of RGCN-PosVAE: an edge between labels whose WordNet synsets are alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from compose.block import BlockError, graph
from compose.graphs.graph_errors import GraphsError
from compose.graphs.label_graphs.label_graph import LabelGraph
from compose.graphs.label_graphs.label_graphs import LabelGraphs, NodeNames, Synsets
from compose.graphs.similarity.wup_edges import edge_counts, greatest_similarity, wup_edges
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import load_taxonomy

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


@graph(name="wup")
class WupGraph(LabelGraphs):
    """Edges between labels whose WordNet synsets are alike by WUP similarity (Wu and Palmer, 1994).

    Two nodes are joined, in both directions, where their similarity is greater than ``threshold`` and, with ``top_k``,
    one of them is among the other's ``top_k`` most similar nodes. Both conditions hold at once; every similarity is
    above 0, so that ``threshold: 0`` leaves the choice to ``top_k`` alone. Every node has a loop.

    The similarity is nltk's, which for some pairs depends on their order: the greater of the two counts.

    Reference: RGCN-PosVAE, section 3.2; its threshold is 0.5.

    Args:
        threshold: two nodes are joined only if their similarity is greater than this.
        top_k: how many neighbours each node chooses at most, the most similar first, ties in the order of the nodes;
            two nodes are joined where either chooses the other.
        hierarchy: whether a node is also joined to its nearest hypernyms among the nodes, however similar.
        taxonomy: a taxonomy file that ``compose wordnet build`` made of another WordNet than 3.0.
    """

    def __init__(
        self,
        threshold: Annotated[float, Field(ge=0, le=1)] = 0.5,
        *,
        top_k: Annotated[int, Field(ge=1)] | None = None,
        hierarchy: bool = False,
        taxonomy: Path | None = None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise BlockError(f"expected a similarity from 0 to 1, got {threshold}", parameter="threshold")
        if top_k is not None and top_k < 1:
            raise BlockError(f"expected at least 1 similar node, got {top_k}", parameter="top_k")
        self.threshold, self.top_k, self.hierarchy = threshold, top_k, hierarchy
        self.taxonomy = taxonomy

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
        taxonomy = load_taxonomy(self.taxonomy)
        nodes = find_synsets(taxonomy, [*names, *external_names], [*synsets, *external_synsets])
        found = wup_edges(taxonomy, nodes, threshold=self.threshold, most=self.top_k, hierarchy=self.hierarchy)
        if len(nodes) > 1 and len(found.similarities) == len(nodes):
            raise GraphsError(self._no_edges(len(nodes), greatest_similarity(taxonomy, nodes)))
        return LabelGraph(
            taxonomy=taxonomy,
            names=(*names, *external_names),
            synsets=nodes,
            num_labels=len(names),
            edges=found.edges,
            similarities=found.similarities,
            hypernym=found.hypernym,
        )

    def edge_counts(
        self,
        names: NodeNames,
        synsets: Synsets,
        external_names: NodeNames = (),
        external_synsets: Synsets = (),
        *,
        thresholds: Sequence[float] = THRESHOLDS,
    ) -> dict[float, int]:
        """How many pairs of nodes are more similar than each threshold, whatever this graph's own settings are.

        The arguments are those of a call.
        """
        taxonomy = load_taxonomy(self.taxonomy)
        nodes = find_synsets(taxonomy, [*names, *external_names], [*synsets, *external_synsets])
        return edge_counts(taxonomy, nodes, thresholds)

    def _no_edges(self, count: int, greatest: float) -> str:
        found = f"the greatest WUP similarity among them is {greatest:.3f}"
        return f"no two of the {count:,} nodes are joined: {found}, and `threshold` is {self.threshold:g}; lower it"
