"""Attention of the channels of a group to one another, as in the text of the (ML)²P-Encoder and as in its code."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelAttention(nn.Module):
    """Enhance each channel of a group by those that respond with it.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2, eq. 1-3.

    Args:
        dim: channels in a group.
        sets: sets of weights: as many as groups, or 1 that they share.
        kernel: size of the convolutions, odd.
    """

    def __init__(self, dim: int, sets: int, *, kernel: int) -> None:
        super().__init__()
        self.sets = sets
        self.qkv = nn.Conv2d(sets * dim, sets * 3 * dim, kernel, padding=kernel // 2, groups=sets)
        _zero_values(self.qkv, sets, dim)

    def forward(self, groups: Float[Tensor, "b g d h w"]) -> Float[Tensor, "b g d h w"]:
        """Relate the channels of each group; groups that share their weights are so many more images."""
        x = rearrange(groups, "b (n s) d h w -> (b n) (s d) h w", s=self.sets)
        query, key, value = rearrange(self.qkv(x), "b (s qkv d) h w -> qkv b s d (h w)", s=self.sets, qkv=3)  # eq. 1
        relations = torch.softmax(key @ query.mT, dim=-1)  # R: d d
        enhanced = (value.mT @ relations).mT  # eq. 2
        result: Tensor = groups + enhanced.reshape(groups.shape)  # eq. 3
        return result


def _zero_values(qkv: nn.Conv2d, sets: int, dim: int) -> None:
    """Let the values begin at zero: a residual branch adds nothing at first."""
    for tensor in (qkv.weight, qkv.bias):
        assert tensor is not None
        values = rearrange(tensor.detach(), "(s qkv d) ... -> qkv s d ...", s=sets, qkv=3)[2]
        values.zero_()


class ReleasedChannelAttention(nn.Module):
    """The same idea as the authors released it: a cosine attention, its inputs made from all groups at once.

    Args:
        dim: channels in a group.
        groups: number of groups.
        kernel: size of the depthwise convolution, odd.
    """

    def __init__(self, dim: int, groups: int, *, kernel: int) -> None:
        super().__init__()
        channels = groups * dim
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.depthwise = nn.Conv2d(3 * channels, 3 * channels, kernel, padding=kernel // 2, groups=3 * channels)
        self.temperature = nn.Parameter(torch.ones(groups, 1, 1))

    def forward(self, groups: Float[Tensor, "b g d h w"]) -> Float[Tensor, "b g d h w"]:
        """Relate the channels of each group."""
        qkv = self.depthwise(self.qkv(groups.flatten(1, 2)))
        query, key, value = rearrange(qkv, "b (qkv g d) h w -> qkv b g d (h w)", qkv=3, g=groups.shape[1])
        query, key = F.normalize(query, dim=-1) * self.temperature, F.normalize(key, dim=-1)
        related = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        return related.reshape(groups.shape)
