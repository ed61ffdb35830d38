"""The gated graph network of Structured Knowledge Graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.core.values import Positive
from compose.blocks.graph.edge_scores import edge_scores
from compose.blocks.graph.propagation import propagate


@block
class GatedGraph(nn.Module):
    """Let labels tell one another what they believe, over edges of several relations, for some steps.

    In each step a node hears its neighbours' states, each through the linear map of its edge's relation and as loud as
    an MLP of both labels' vectors says, and a GRU cell, the same for all nodes, makes its next state of that. The
    weights know no label: the graph may be another one in every call.

    Reference: Multi-Label Zero-Shot Learning with Structured Knowledge Graphs (CVPR 2018).

    Deviates: there a network of both vectors gives a whole matrix for each edge; here it gives a number, which a
    relation's matrix is multiplied by. That a node's numbers are scaled to length 1 is its authors' code's, for the
    matrices.

    Args:
        size: size of a node state.
        dim: size of a label's vector.
        steps: how often states are passed on.
        relations: how many relations the graph has; an edge of relation 0 is a loop and carries nothing.
        hidden: width of the MLPs that weigh the edges, one for each relation.
    """

    def __init__(
        self,
        size: Dim[int, " h"],
        dim: Dim[int, " d"],
        *,
        steps: Positive = 5,
        relations: Positive = 4,
        hidden: Positive = 64,
    ) -> None:
        super().__init__()
        self.steps, self.relations = steps, relations
        self.ends = SplitLinear(dim, dim, relations * hidden)
        self.scores = nn.Linear(hidden, relations)
        self.maps = nn.Linear(size, relations * size, bias=False)
        self.cell = nn.GRUCell(size, size)

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The relations count from 1; 0 is a loop."""
        return {"labels_relations": range(self.relations + 1)}

    def forward(
        self,
        nodes: Float[Tensor, "b l h"],
        labels_vectors: Float[Tensor, "l d"],
        labels_graph: Int64[Tensor, "2 edges"],
        labels_relations: Int64[Tensor, " edges"],
    ) -> Float[Tensor, "b l h"]:
        """Pass states on.

        Args:
            nodes: states of the labels' nodes, ``b l h``.
            labels_vectors: vectors of the labels in use, ``l d``.
            labels_graph: source and target of every edge, sorted by target, ``2 edges``.
            labels_relations: the relation of every edge, ``edges``.

        Returns:
            The states after the last step, ``b l h``.
        """
        count = nodes.shape[1]
        weights = self._weigh(labels_vectors, labels_graph, labels_relations)
        source, target = labels_graph
        # A node sends one state for each relation, as if it were so many nodes.
        routes = torch.stack([source * self.relations + (labels_relations - 1).clamp(min=0), target])
        states = nodes
        for _ in range(self.steps):
            sent = rearrange(full_precision(self.maps(states)), "b l (k h) -> b (l k) h", k=self.relations)
            heard = propagate(weights, routes, sent, 0, count).to(states.dtype)
            states = self.cell(heard.flatten(0, 1), states.flatten(0, 1)).view_as(states)
        return states

    def _weigh(
        self, vectors: Float[Tensor, "l d"], graph: Int64[Tensor, "2 e"], relations: Int64[Tensor, " e"]
    ) -> Float[Tensor, " e"]:
        """How loud each edge is; those to one node have length 1 together."""
        target = graph[1]
        found = []
        with torch.autocast(vectors.device.type, enabled=False):
            receiving, sending = (full_precision(end).chunk(self.relations, 1) for end in self.ends(vectors, vectors))
            weight, bias = full_precision(self.scores.weight), full_precision(self.scores.bias)
            for kind in range(self.relations):
                ends = receiving[kind].contiguous(), sending[kind].contiguous()
                scores = edge_scores(*ends, graph, weight[kind]) + bias[kind]
                found.append(scores.masked_fill(relations != kind + 1, 0))
        weights = torch.stack(found).sum(0)
        squares = weights.new_zeros(vectors.shape[0]).index_add(0, target, weights.square())
        return weights * squares.clamp(min=torch.finfo(squares.dtype).tiny).rsqrt()[target]
