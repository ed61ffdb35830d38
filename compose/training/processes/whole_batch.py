"""The whole batch, of which every process has its share of the examples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def whole_batch(share: Tensor) -> Tensor:
    """The shares of all processes, in their order; the gradient of a share goes back to its process.

    Every process computes the same loss of it. As the gradients of the weights are averaged over the processes in the
    end, each gets its own share times their number here: the mean of these is the gradient of the whole batch.

    Args:
        share: ``b ...``; b may differ from process to process.

    Returns:
        All of them, as many rows as there are examples in the batch.
    """
    if share.requires_grad:
        gathered: Tensor = _Gather.apply(share)
        return gathered
    return _gathered(share)[0]


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, share: Tensor) -> Tensor:
        whole, ctx.rows = _gathered(share)
        return whole

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return gradient[ctx.rows] * distributed.get_world_size()


def _gathered(share: Tensor) -> tuple[Tensor, slice]:
    """All shares, and which rows of them are this process's own."""
    world, rank = distributed.get_world_size(), distributed.get_rank()
    sizes = [torch.zeros(1, dtype=torch.int64, device=share.device) for _ in range(world)]
    distributed.all_gather(sizes, torch.tensor([len(share)], device=share.device))
    counts = [int(size) for size in sizes]
    # Processes hand one another shares of one size: shorter ones are filled up.
    padded = share.new_zeros(max(counts), *share.shape[1:])
    padded[: len(share)] = share.detach()
    parts = [torch.empty_like(padded) for _ in counts]
    distributed.all_gather(parts, padded)
    start = sum(counts[:rank])
    whole = torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])
    return whole, slice(start, start + len(share))
