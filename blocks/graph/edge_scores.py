"""Score each edge of a graph by a hidden layer of its two ends, without a tensor of all edges · hidden units.

The edges are taken in chunks that stay in a CPU's cache, forwards and backwards, which is ten times faster than all of
them at once. How many chunks there are follows from the number of edges, so that these are custom operators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional as F

CHUNK = 1 << 20
"""Entries of a chunk: edges · hidden units."""


class _Chunk(NamedTuple):
    """Some edges. ``c`` counts them."""

    edges: slice
    sources: Tensor  # c
    targets: Tensor  # c
    hidden: Tensor  # c j: what the hidden layer gives for them; overwritten by the next chunk's


@torch.library.custom_op("compose::edge_scores", mutates_args=())
def edge_scores(receiving: Tensor, sending: Tensor, graph: Tensor, weight: Tensor, slope: float = 0.0) -> Tensor:
    """For each edge v -> u the inner product of ``weight`` and relu(receiving[u] + sending[v]).

    Args:
        receiving: what the hidden layer makes of a node as the target, ``n j``.
        sending: what it makes of a node as the source, ``n j``.
        graph: sources and targets, ``2 e``.
        weight: ``j``.
        slope: what the ReLU multiplies negative entries by.

    Returns:
        The scores, ``e``.
    """
    scores = weight.new_empty(graph.shape[1])
    for chunk in _chunks(receiving, sending, graph, slope):
        torch.mv(chunk.hidden, weight, out=scores[chunk.edges])
    return scores


@torch.library.custom_op("compose::edge_scores_grad", mutates_args=())
def _gradients(
    grad: Tensor, receiving: Tensor, sending: Tensor, graph: Tensor, weight: Tensor, slope: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients in ``receiving``, ``sending`` and ``weight``."""
    to_receiving, to_sending, to_weight = (torch.zeros_like(tensor) for tensor in (receiving, sending, weight))
    for edges, sources, targets, hidden in _chunks(receiving, sending, graph, slope):
        to_weight.addmv_(hidden.mT, grad[edges])
        passing = hidden.sign_()
        if slope:
            F.leaky_relu_(passing, -slope)  # -1, where an entry is negative, becomes the slope
        active = passing.mul_(grad[edges, None])
        to_receiving.index_add_(0, targets, active)
        to_sending.index_add_(0, sources, active)
    return to_receiving.mul_(weight), to_sending.mul_(weight), to_weight


def _chunks(
    receiving: Float[Tensor, "n j"], sending: Float[Tensor, "n j"], graph: Int64[Tensor, "2 e"], slope: float
) -> Iterator[_Chunk]:
    width = receiving.shape[1]
    size = min(max(1, CHUNK // width), graph.shape[1])
    hidden, other = receiving.new_empty(size, width), receiving.new_empty(size, width)
    for start in range(0, graph.shape[1], size):
        sources, targets = graph[:, start : start + size]
        count = sources.shape[0]
        torch.index_select(receiving, 0, targets, out=hidden[:count])
        torch.index_select(sending, 0, sources, out=other[:count])
        summed = hidden[:count].add_(other[:count])
        active = F.leaky_relu_(summed, slope) if slope else summed.relu_()
        yield _Chunk(slice(start, start + count), sources, targets, active)


# --- what the operators look like from outside ---------------------------------------------------------------------


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.slope = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, Tensor, None]:
    receiving, sending, weight = _gradients(grad.contiguous(), *ctx.saved_tensors, ctx.slope)
    return receiving, sending, None, weight, None


edge_scores.register_autograd(_backward, setup_context=_keep)
edge_scores.register_fake(lambda receiving, sending, graph, weight, slope=0.0: weight.new_empty(graph.shape[1]))
_gradients.register_fake(lambda grad, *given: tuple(torch.empty_like(given[i]) for i in (0, 1, 3)))
for _operator in (edge_scores, _gradients):
    for _device in ("cpu", "cuda"):
        _operator.register_autocast(_device, torch.float32)
