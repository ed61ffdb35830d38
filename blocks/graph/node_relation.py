"""Learned relations between the nodes of a graph."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.graph.edge_scores import edge_scores


class Relation(nn.Module):
    """Weigh a graph's edges by the vectors of their ends: the entries of Â where the graph has an edge.

    A node relates to itself with weight 1, to another by an MLP of both vectors. The weights of a node's edges are
    then normalised.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.4, eq. 7.

    Args:
        dim: size of a node's vector.
        hidden: width of the MLP.
        normalisation: ``row`` divides by the sum of the receiving node's weights, ``symmetric`` by the square root of
            this and of the sending node's.
        slope: what the MLP's ReLU multiplies negative entries by.
    """

    def __init__(
        self, dim: int, *, hidden: int, normalisation: Literal["row", "symmetric"], slope: float = 0.0
    ) -> None:
        super().__init__()
        self.slope = slope
        self.symmetric = normalisation == "symmetric"
        self.hidden = SplitLinear(dim, dim, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(
        self, vectors: Float[Tensor, "n d"], graph: Int64[Tensor, "2 e"], closed_from: int | None = None
    ) -> Float[Tensor, " e"]:
        """Weigh the edges, in single precision at least.

        Args:
            vectors: the nodes' vectors, ``n d``.
            graph: source v and target u of every edge, ``2 e``, with an edge from each node to itself.
            closed_from: nodes from this one on receive nothing but their own state.

        Returns:
            The entry of Â, row u and column v, for every edge: ``e``.
        """
        source, target = graph
        own = source == target
        with torch.autocast(vectors.device.type, enabled=False):
            weights = self._related(vectors, graph).sigmoid()  # eq. 7
        weights = weights.masked_fill(own, 1)
        if closed_from is not None:
            weights = weights.masked_fill(~own & (target >= closed_from), 0)
        degree = weights.new_zeros(vectors.shape[0]).index_add(0, target, weights)
        if self.symmetric:
            return weights * (degree[target] * degree[source]).rsqrt()
        return weights / degree[target]

    def _related(self, vectors: Float[Tensor, "n d"], graph: Int64[Tensor, "2 e"]) -> Float[Tensor, " e"]:
        receiving, sending = map(full_precision, self.hidden(vectors, vectors))
        weight, bias = full_precision(self.score.weight[0]), full_precision(self.score.bias)
        scores: Tensor = edge_scores(receiving, sending, graph, weight, self.slope)
        return scores + bias
