"""Build other people's networks without storage, although their constructors look at values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch._guards import detect_fake_mode
from torch._subclasses.fake_tensor import FakeTensor, unset_fake_temporarily
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves


class _AbstractValues(TorchFunctionMode):
    """Under FakeTensorMode: ranges and small lists are real, what is made from them too; a fake tensor is false.

    Constructors compute widths from a range, and initialisers redraw while a value lies outside of bounds.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        if func is Tensor.__bool__ and isinstance(tensors[0], FakeTensor):
            return False
        starts = func in (torch.arange, torch.linspace, torch.tensor)
        if (tensors or starts) and not any(isinstance(tensor, FakeTensor) for tensor in tensors):
            with unset_fake_temporarily():
                return func(*args, **kwargs)
        return func(*args, **kwargs)


def build_abstract(constructor: Callable[[], nn.Module]) -> nn.Module:
    """The module that a constructor makes; under FakeTensorMode one that has fake parameters and buffers only."""
    mode = detect_fake_mode()
    if mode is None:
        return constructor()
    with _AbstractValues():
        network = constructor()
    for module in network.modules():
        for name, buffer in module.named_buffers(recurse=False):
            if not isinstance(buffer, FakeTensor):
                setattr(module, name, mode.from_tensor(buffer))
    return network
