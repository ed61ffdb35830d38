"""A network's first convolution, made anew for images of other channels than it was written for."""

from __future__ import annotations

from typing import Any

from torch import nn


def replace_first_convolution(network: nn.Module, in_channels: int) -> None:
    """Put a convolution for so many channels, with random weights, in the place of the network's first one."""
    name, old = next((name, m) for name, m in network.named_modules() if isinstance(m, nn.Conv2d))
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, _like(old, in_channels=in_channels))


def _like(convolution: nn.Conv2d, **changes: Any) -> nn.Conv2d:
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
    options = {name: getattr(convolution, name) for name in names}
    return nn.Conv2d(**{**options, **changes}, bias=convolution.bias is not None)
