"""The relational graph convolutional network of RGCN-PosVAE."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float, Int64
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.values import Positive, Slope
from compose.blocks.graph.node_relation import Adjacency, AdjacencyNormalisation, Relation
from compose.blocks.graph.propagation import propagate


class RgcnOutput(NamedTuple):
    """States of the nodes after the last layer.

    Attributes:
        labels: the labels' nodes, ``b l o``.
        external: the external nodes, ``b x o``; none where none are given or asked for.
    """

    labels: Float[Tensor, "b l o"]
    external: Float[Tensor, "b _ o"]


@block
class Rgcn(nn.Module):
    """Let labels learn from one another, and from external classes, along the edges of a graph.

    How much a node takes from a neighbour is learned from the vectors of both, so that it is known for unseen labels,
    too. The weights know no node: the graph may be another one in every call.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.4, eq. 6-7.

    Deviates: the text has a ReLU behind every layer, here the last one has none; its normalisation is ``symmetric``,
    the default ``row``, because a neighbour's weight is not the same in both directions. That w_uv comes from a
    sigmoid is our reading of its range [0, 1]. The released code has no activation there, a ``dense_softmax``, biases
    and leaky ReLUs, and is ``one_way``.

    Args:
        inputs: size of a node state before the first layer.
        dim: size of a node's vector.
        layers: number of layers.
        hidden: width of the relation's MLP.
        size: size of a node state after each layer; a list has one for each.
        normalisation: ``row`` divides a node's weights by the sum of their magnitudes; ``symmetric`` by the square
            roots of this sum and of the neighbour's. ``dense_softmax``, as in the released code, is a softmax over all
            nodes in which those that are not joined have weight 0 and so a share; the diagonal is 1 behind it.
        relation_activation: what gives a weight its range; the released code has none.
        one_way: whether external nodes give without taking: they receive nothing but their own states, and under
            ``dense_softmax`` from all nodes alike.
        outputs: ``all`` nodes, or the ``labels`` alone, which spares most of the last layer where nothing reads the
            external nodes.
        bias: whether a layer adds a bias; the released code does.
        activation: the activation between two layers.
        last_activation: the activation behind the last layer; the text has a ReLU there, too.
        slope: what a ``leaky_relu`` multiplies negative entries by.
        relation_slope: what the ReLU of the relation's MLP multiplies negative entries by; the released code has 0.1.
    """

    def __init__(
        self,
        inputs: Dim[int, " h"],
        dim: Dim[int, " d"],
        *,
        layers: Annotated[int, Field(ge=1, le=6)] = 2,
        hidden: Annotated[int, Field(gt=0)] = 256,
        size: Positive | Annotated[list[Positive], Field(min_length=1, max_length=6)] = 256,
        normalisation: AdjacencyNormalisation = "row",
        relation_activation: Literal["sigmoid", "none"] = "sigmoid",
        one_way: bool = False,
        outputs: Literal["all", "labels"] = "all",
        bias: bool = False,
        activation: LayerActivation = "relu",
        last_activation: LayerActivation = "none",
        slope: Slope = 0.01,
        relation_slope: Slope = 0.0,
    ) -> None:
        super().__init__()
        self.one_way, self.outputs = one_way, outputs
        self.relation = Relation(
            dim, hidden=hidden, normalisation=normalisation, activation=relation_activation, slope=relation_slope
        )
        sizes = [size] * layers if isinstance(size, int) else size
        if len(sizes) != layers:
            message = f"expected one size, or one for each of the {layers} layers, got {len(sizes)}"
            raise BlockError(message, parameter="size")
        self.layers = nn.ModuleList(nn.Linear(*pair, bias=bias) for pair in pairwise([inputs, *sizes]))
        self.activation = activation_layer(activation, slope=slope)
        self.last_activation = activation_layer(last_activation, slope=slope)

    def forward(
        self,
        nodes: Float[Tensor, "b l h"],
        labels_vectors: Float[Tensor, "l d"],
        labels_graph: Int64[Tensor, "2 edges"],
        external_nodes: Float[Tensor, "b x h"] | None = None,
        external_vectors: Float[Tensor, "x d"] | None = None,
    ) -> RgcnOutput:
        """Apply the layers.

        Args:
            nodes: states of the labels' nodes, ``b l h``.
            labels_vectors: vectors of the labels in use, ``l d``.
            labels_graph: source and target of every edge, sorted by target, with an edge from each node to itself;
                the labels come first, then the external nodes, ``2 edges``.
            external_nodes: states of the external nodes, ``b x h``.
            external_vectors: vectors of the external nodes, ``x d``.

        Returns:
            The states after the last layer of the labels, ``b l o``, and of the external nodes, ``b x o``.

        Raises:
            ValueError: external nodes without their vectors, or vectors without nodes.
        """
        states, vectors = _all_nodes(nodes, labels_vectors, external_nodes, external_vectors)
        labels, count = nodes.shape[1], states.shape[1]
        adjacency = self.relation(vectors, labels_graph, labels if self.one_way else None)
        *hidden, last = self.layers
        for layer in hidden:
            states = self.activation(_convolve(layer, adjacency, labels_graph, states, [(0, count)])[0])  # eq. 6
        # Apart, so that nothing is computed backwards for external nodes that no loss looks at.
        parts = [(0, labels), (labels, count if self.outputs == "all" else labels)]
        return RgcnOutput(*map(self.last_activation, _convolve(last, adjacency, labels_graph, states, parts)))


def _all_nodes(
    nodes: Float[Tensor, "b l h"],
    vectors: Float[Tensor, "l d"],
    external_nodes: Float[Tensor, "b x h"] | None,
    external_vectors: Float[Tensor, "x d"] | None,
) -> tuple[Float[Tensor, "b n h"], Float[Tensor, "n d"]]:
    """The states and vectors of all nodes, the labels first."""
    if (external_nodes is None) != (external_vectors is None):
        given, missing = "external_nodes", "external_vectors"
        if external_nodes is None:
            given, missing = missing, given
        raise ValueError(f"expected external_nodes and external_vectors together, got {given} without {missing}")
    if external_nodes is None or external_vectors is None:
        return nodes, vectors
    return torch.cat([nodes, external_nodes], dim=1), torch.cat([vectors, external_vectors])


def _convolve(
    layer: nn.Module,
    adjacency: Adjacency,
    graph: Int64[Tensor, "2 e"],
    states: Float[Tensor, "b n h"],
    parts: list[tuple[int, int]],
) -> list[Float[Tensor, "b r o"]]:
    """Â H W + b for some ranges of nodes; H is multiplied first by what leaves less to multiply."""
    assert isinstance(layer, nn.Linear)
    project_first = layer.out_features < layer.in_features
    if project_first:
        states = F.linear(states, layer.weight)
    sent = full_precision(states)
    reached = [_reach(adjacency, graph, sent, first, last).to(states.dtype) for first, last in parts]
    if not project_first:
        return [layer(part) for part in reached]
    return reached if layer.bias is None else [part + layer.bias for part in reached]


def _reach(
    adjacency: Adjacency, graph: Int64[Tensor, "2 e"], states: Float[Tensor, "b n h"], first: int, last: int
) -> Float[Tensor, "b r h"]:
    """Rows ``first`` to ``last`` of Â H: along the edges, and the same of all nodes where Â has a floor."""
    reached: Tensor = propagate(adjacency.edges, graph, states, first, last)
    if adjacency.floor is None:
        return reached
    return torch.addcmul(reached, adjacency.floor[first:last, None], states.sum(1, keepdim=True))
