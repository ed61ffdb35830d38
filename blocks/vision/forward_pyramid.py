"""The forward pyramid of the (ML)²P-Encoder: maps of several sizes, brought to one size and laid side by side."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dims, block

Channels = Annotated[int, Field(gt=0)]


@block
class ForwardPyramid(nn.Module):
    """Bring maps of several sizes to the smallest one's size, one beside the other.

    Each level passes a 1×1 convolution, batch norm and ReLU, and is max-pooled to the smallest level's size. A single
    level is a pyramid too. The 1×1 convolution that merges the levels belongs to ``channel_groups``, which knows how
    many channels it has to make.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2.

    Deviates: the text pools the levels and concatenates them, without a convolution. Their channels then do not divide
    into groups as wide as a word vector.

    Args:
        in_channels: channels of each level.
        level_channels: channels of each level after its own convolution; by default 1024 for the last level and 512
            for the others.
    """

    def __init__(
        self, in_channels: Dims[tuple[int, ...], " c"], *, level_channels: list[Channels] | None = None
    ) -> None:
        super().__init__()
        if level_channels is None:
            level_channels = [512] * (len(in_channels) - 1) + [1024]
        if len(level_channels) != len(in_channels):
            raise BlockError(
                f"expected one entry for each of the {len(in_channels)} levels, got {len(level_channels)}",
                parameter="level_channels",
            )
        self.levels = nn.ModuleList(map(_level, in_channels, level_channels))

    def forward(self, maps: list[Float[Tensor, "b ?c ?h ?w"]]) -> Float[Tensor, "b c h w"]:
        """Bring the levels together.

        Args:
            maps: the levels, each ``b c h w`` with sizes of its own.

        Returns:
            One map of the smallest level's size with the channels of all levels, ``b c h w``.
        """
        size = [min(level.shape[-2] for level in maps), min(level.shape[-1] for level in maps)]
        levels = [F.adaptive_max_pool2d(level(m), size) for level, m in zip(self.levels, maps, strict=True)]
        return torch.cat(levels, dim=1)


def _level(in_channels: int, channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())
