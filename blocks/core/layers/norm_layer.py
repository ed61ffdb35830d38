"""The norm of a layer, by name."""

from __future__ import annotations

from typing import Literal

from torch import nn

from compose.block import BlockError

NormKind = Literal["batch", "group", "none"]


def norm_layer(kind: NormKind, channels: int, *, eps: float, momentum: float, groups: int) -> nn.Module:
    """A norm of a map's channels.

    Args:
        kind: ``batch``, ``group`` or ``none``.
        channels: of the map.
        eps: added to the variance.
        momentum: the share of a batch in the running mean and variance of a batch norm.
        groups: of a group norm.

    Raises:
        BlockError: the groups do not divide the channels.
    """
    if kind == "batch":
        return nn.BatchNorm2d(channels, eps=eps, momentum=momentum)
    if kind == "group":
        if channels % groups:
            message = f"expected a number that divides {channels} channels, got {groups}"
            raise BlockError(message, parameter="norm_groups")
        return nn.GroupNorm(groups, channels, eps=eps)
    return nn.Identity()
