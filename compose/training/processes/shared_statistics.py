"""Batch norms by the statistics of the whole batch, of which every process has its share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, distributed
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

HALF = (torch.float16, torch.bfloat16)


class SharedStatistics(TorchFunctionMode):
    """While entered, what normalises a batch in training does so by the examples of all processes.

    It is what torch's ``SyncBatchNorm`` does on GPUs, for every device and for blocks that call the function
    themselves.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of torch, or what stands for it."""
        if func is F.batch_norm:
            return _batch_norm(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    if not training:
        return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    given = input.float() if input.dtype in HALF else input
    found, mean, variance, count = _Normalised.apply(given, eps)
    with torch.no_grad():
        if running_mean is not None:
            running_mean.lerp_(mean.to(running_mean), momentum)
        if running_var is not None:
            running_var.lerp_((variance * count / (count - 1)).to(running_var), momentum)
    found = found if weight is None else found * _of_channels(weight, found)
    found = found if bias is None else found + _of_channels(bias, found)
    normalised: Tensor = found.to(input.dtype)
    return normalised


class _Normalised(torch.autograd.Function):
    """Each channel with the mean 0 and the variance 1 over the examples of all processes."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        dims = [dim for dim in range(values.ndim) if dim != 1]
        count = values.new_tensor([values.numel() // values.shape[1]])
        sums = torch.cat([values.sum(dims), count])
        distributed.all_reduce(sums)
        count = sums[-1]
        mean = sums[:-1] / count
        centred = values - _of_channels(mean, values)
        variance = centred.square().sum(dims)
        distributed.all_reduce(variance)
        variance /= count
        scale = (variance + eps).rsqrt()
        normalised = centred * _of_channels(scale, values)
        ctx.save_for_backward(normalised, scale, count)
        ctx.mark_non_differentiable(mean, variance, count)
        return normalised, mean, variance, count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor, None]:
        normalised, scale, count = ctx.saved_tensors
        dims = [dim for dim in range(gradient.ndim) if dim != 1]
        sums = torch.stack([gradient.sum(dims), (gradient * normalised).sum(dims)])
        distributed.all_reduce(sums)
        along_mean, along_scale = (_of_channels(part, gradient) for part in sums / count)
        return _of_channels(scale, gradient) * (gradient - along_mean - normalised * along_scale), None


def _of_channels(values: Tensor, like: Tensor) -> Tensor:
    """A number for each channel, as wide as ``like`` ``b c ...``."""
    return values.view(1, -1, *[1] * (like.ndim - 2))
