"""Learned relations between the nodes of a graph."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.graph.edge_scores import edge_scores

AdjacencyNormalisation = Literal["row", "symmetric", "dense_softmax"]


class Adjacency(NamedTuple):
    """Â, as far as it is more than nothing.

    Attributes:
        edges: the entries at the graph's edges, ``e``, less the row's ``floor``.
        floor: what a node takes from every node, joined to it or not, ``n``; None for nothing.
    """

    edges: Float[Tensor, " e"]
    floor: Float[Tensor, " n"] | None


class Relation(nn.Module):
    """Weigh a graph's edges by the vectors of their ends: Â, whose entries are 0 or alike where the graph has no edge.

    A node relates to itself with weight 1, to another by an MLP of both vectors. The weights of a node's edges are
    then normalised.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.4, eq. 7.

    Args:
        dim: size of a node's vector.
        hidden: width of the MLP.
        normalisation: ``row`` divides by the sum of the magnitudes of the receiving node's weights, ``symmetric`` by
            the square root of this and of the sending node's. ``dense_softmax`` is a softmax over all nodes, where one
            that is not joined has weight 0 and so takes part; the diagonal is 1 behind it.
        activation: what follows the MLP.
        slope: what the MLP's ReLU multiplies negative entries by.
    """

    def __init__(
        self,
        dim: int,
        *,
        hidden: int,
        normalisation: AdjacencyNormalisation,
        activation: Literal["sigmoid", "none"] = "sigmoid",
        slope: float = 0.0,
    ) -> None:
        super().__init__()
        self.slope = slope
        self.bounded = activation == "sigmoid"
        self.normalisation = normalisation
        self.hidden = SplitLinear(dim, dim, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(
        self, vectors: Float[Tensor, "n d"], graph: Int64[Tensor, "2 e"], closed_from: int | None = None
    ) -> Adjacency:
        """Weigh the edges, in single precision at least.

        Args:
            vectors: the nodes' vectors, ``n d``.
            graph: source v and target u of every edge, ``2 e``, with an edge from each node to itself.
            closed_from: nodes from this one on receive nothing but their own state; under ``dense_softmax`` they
                receive alike from all nodes.

        Returns:
            Â, row u and column v.
        """
        source, target = graph
        own = source == target
        with torch.autocast(vectors.device.type, enabled=False):
            weights = self._related(vectors, graph)
            weights = weights.sigmoid() if self.bounded else weights  # eq. 7
        if closed_from is not None:
            weights = weights.masked_fill(~own & (target >= closed_from), 0)
        if self.normalisation == "dense_softmax":
            return _dense_softmax(weights.masked_fill(own, 0), own, target, vectors.shape[0])
        weights = weights.masked_fill(own, 1)
        degree = weights.new_zeros(vectors.shape[0]).index_add(0, target, weights.abs())
        if self.normalisation == "symmetric":
            return Adjacency(weights * (degree[target] * degree[source]).rsqrt(), None)
        return Adjacency(weights / degree[target], None)

    def _related(self, vectors: Float[Tensor, "n d"], graph: Int64[Tensor, "2 e"]) -> Float[Tensor, " e"]:
        receiving, sending = map(full_precision, self.hidden(vectors, vectors))
        weight, bias = full_precision(self.score.weight[0]), full_precision(self.score.bias)
        scores: Tensor = edge_scores(receiving, sending, graph, weight, self.slope)
        return scores + bias


def _dense_softmax(
    weights: Float[Tensor, " e"], own: Bool[Tensor, " e"], target: Int64[Tensor, " e"], nodes: int
) -> Adjacency:
    """A softmax over each row of n weights, of which all but those of edges are 0; then 1 on the diagonal."""
    greatest = weights.new_zeros(nodes).scatter_reduce(0, target, weights.detach(), "amax")
    joined = (weights - greatest[target]).exp()
    apart = (-greatest).exp()
    degree = weights.new_zeros(nodes).index_add(0, target, torch.ones_like(weights))
    total = (apart * (nodes - degree)).index_add(0, target, joined)
    floor = apart / total
    entries = torch.where(own, 1, joined / total[target])
    return Adjacency(entries - floor[target], floor)
