"""The label graph of Structured Knowledge Graphs: edges of four relations between WordNet synsets."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from compose.block import BlockError, graph
from compose.graphs.label_graphs.label_graph import LabelGraph
from compose.graphs.label_graphs.label_graphs import LabelGraphs, NodeNames, Synsets
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.similarity.wup_blocks import FloatArray
from compose.graphs.taxonomy.ancestors import IntArray, entries
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy

LOOP, POSITIVE, NEGATIVE, TO_CHILD, TO_PARENT = range(5)
"""What an edge stands for."""


@graph(name="knowledge")
class KnowledgeGraph(LabelGraphs):
    """Edges of four relations: alike, unlike, from a label to what lies below it in WordNet, and the way up.

    Two nodes of which one is a hypernym of the other, however far above, are joined by the third and fourth relation
    alone. Of the others those are alike whose WUP similarity is greater than ``positive``, and unlike those where it
    is less than ``negative``; edges lead in both directions. Every node has a loop, which is no relation.

    Reference: Multi-Label Zero-Shot Learning with Structured Knowledge Graphs (CVPR 2018); RGCN-PosVAE's baseline of
    that name, whose code sets 0.5 and 0.11.

    Args:
        positive: what the similarity of two nodes that are alike exceeds.
        negative: what the similarity of two nodes that are unlike falls below; 0 for no such edges.
    """

    num_relations = 4

    def __init__(
        self,
        positive: Annotated[float, Field(ge=0, le=1)] = 0.5,
        *,
        negative: Annotated[float, Field(ge=0, le=1)] = 0.11,
    ) -> None:
        if negative > positive:
            raise BlockError(f"expected at most the {positive:g} of `positive`, got {negative:g}", parameter="negative")
        self.positive, self.negative = positive, negative

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
        """
        taxonomy = load_taxonomy()
        nodes = find_synsets(taxonomy, [*names, *external_names], [*synsets, *external_synsets])
        kinds, similarities = self._kinds(taxonomy, nodes)
        targets, sources = np.nonzero(kinds >= 0)
        found = kinds[targets, sources].astype(np.int64)
        return LabelGraph(
            taxonomy=taxonomy,
            names=(*names, *external_names),
            synsets=nodes,
            num_labels=len(names),
            edges=np.stack([sources, targets]),
            similarities=similarities[targets, sources],
            hypernym=(found == TO_CHILD) | (found == TO_PARENT),
            unlike=found == NEGATIVE,
            kinds=found,
        )

    def _kinds(self, taxonomy: Taxonomy, nodes: IntArray) -> tuple[NDArray[np.int8], FloatArray]:
        """``n n``: the relation of the edge to each row's node from each column's, -1 for none; and similarities."""
        own = wup_similarities(taxonomy, nodes)
        similarities = np.maximum(own, own.T)
        kinds = np.full(similarities.shape, -1, np.int8)
        kinds[similarities < np.float32(self.negative)] = NEGATIVE
        kinds[similarities > np.float32(self.positive)] = POSITIVE
        below, above = _hypernyms(taxonomy, nodes)
        kinds[below, above], kinds[above, below] = TO_CHILD, TO_PARENT
        np.fill_diagonal(kinds, LOOP)
        np.fill_diagonal(similarities, 1)
        return kinds, similarities


def _hypernyms(taxonomy: Taxonomy, nodes: IntArray) -> tuple[IntArray, IntArray]:
    """Pairs of nodes, of which the second is a hypernym of the first, at any distance."""
    positions, ancestors = taxonomy.closure(nodes)
    proper = ancestors != nodes[positions]
    order = np.argsort(nodes, kind="stable")
    first = np.searchsorted(nodes[order], np.arange(len(taxonomy) + 1))  # where a synset's nodes start in `order`
    which, places = entries(first, ancestors[proper])
    return positions[proper][which], order[places]
