"""The forward pyramid of the (ML)²P-Encoder: maps of several sizes become one, with channels for groups."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dim, Dims, block

Channels = Annotated[int, Field(gt=0)]


@block
class ForwardPyramid(nn.Module):
    """Bring maps of several sizes to the smallest one's size and merge them into one.

    Each level passes a 1×1 convolution, batch norm and ReLU, and is max-pooled to the smallest level's size; a 1×1
    convolution over all of them makes as many channels as ``channel_groups`` needs to cut ``groups`` groups of a word
    vector's size. A single level is a pyramid too.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2.

    Deviates: the text pools the levels and concatenates them. The convolutions, and the one that merges the levels, are
    ours: without them the channels do not divide into groups as wide as a word vector.

    Args:
        in_channels: channels of each level.
        dim: size of a word vector.
        groups: number of groups that the channels of the result make.
        level_channels: channels of each level after its own convolution; by default 1024 for the last level and 512
            for the others.
    """

    def __init__(
        self,
        in_channels: Dims[tuple[int, ...], " c"],
        dim: Dim[int, " d"],
        *,
        groups: Annotated[int, Field(gt=0)] = 7,
        level_channels: list[Channels] | None = None,
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
        self.merge = nn.Conv2d(sum(level_channels), groups * dim, kernel_size=1)

    def forward(
        self, maps: list[Float[Tensor, "b ?c ?h ?w"]], labels_vectors: Float[Tensor, "l d"]
    ) -> Float[Tensor, "b c h w"]:
        """Merge the levels.

        Args:
            maps: the levels, each ``b c h w`` with sizes of its own.
            labels_vectors: the word vectors, ``l d``; only their size is used.

        Returns:
            One map of the smallest level's size, ``b c h w`` with c = groups · d.
        """
        size = [min(level.shape[-2] for level in maps), min(level.shape[-1] for level in maps)]
        levels = [F.adaptive_max_pool2d(level(m), size) for level, m in zip(self.levels, maps, strict=True)]
        merged: Tensor = self.merge(torch.cat(levels, dim=1))
        return merged


def _level(in_channels: int, channels: int) -> nn.Sequential:
    convolution = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())
