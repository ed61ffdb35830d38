"""The forward pyramid of the (ML)²P-Encoder: maps of several sizes become one, with channels for groups."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dim, Dims, block
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.layers.layer_options import USUAL, LayerOptions, Order
from compose.blocks.core.values import DropShare, Epsilon, Momentum

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
        activation: the activation of each level.
        dropout: share of each level's entries dropped while training.
        order: what comes first at each level.
        eps: added to the variance by the batch norms.
        momentum: the share of a batch in their running mean and variance.
    """

    def __init__(
        self,
        in_channels: Dims[tuple[int, ...], " c"],
        dim: Dim[int, " d"],
        *,
        groups: Annotated[int, Field(gt=0)] = 7,
        level_channels: list[Channels] | None = None,
        activation: LayerActivation = "relu",
        dropout: DropShare = 0.0,
        order: Order = USUAL,
        eps: Epsilon = 1e-5,
        momentum: Momentum = 0.1,
    ) -> None:
        super().__init__()
        if level_channels is None:
            level_channels = [512] * (len(in_channels) - 1) + [1024]
        if len(level_channels) != len(in_channels):
            raise BlockError(
                f"expected one entry for each of the {len(in_channels)} levels, got {len(level_channels)}",
                parameter="level_channels",
            )
        options = LayerOptions(activation=activation, dropout=dropout, order=order, eps=eps, momentum=momentum)
        convolutions = (nn.Conv2d(*sizes, 1, bias=False) for sizes in zip(in_channels, level_channels, strict=True))
        self.levels = nn.ModuleList(nn.Sequential(*options.layer(convolution)) for convolution in convolutions)
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
