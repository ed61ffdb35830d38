"""Layers for one number of dims, on tensors of any: what they do not know of is flattened, and comes back."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor


def with_leading(layer: Callable[[Tensor], Tensor], x: Tensor, *, own: int) -> Tensor:
    """Apply a layer of examples to a tensor with any number of dims before the layer's own.

    Args:
        layer: takes and gives one dim of examples and its own dims.
        x: the tensor.
        own: the number of dims that are the layer's.
    """
    leading = x.shape[:-own]
    if len(leading) == 1:
        return layer(x)
    result = layer(x.reshape(-1, *x.shape[-own:]))
    return result.reshape(*leading, *result.shape[1:])
