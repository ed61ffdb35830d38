"""The query of a scaled dot-product attention, as it meets the features themselves."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ScaledQuery(nn.Module):
    """W_Kᵀ W_q h / √d, whose inner product with a feature c is that of the query and the key, (W_q h)ᵀ (W_K c) / √d.

    A few queries meet the features of many places: multiplied first, W_K is applied to the queries alone, and no key
    is ever computed.

    Args:
        size: size of the state h that asks.
        channels: size of a feature.
        keys: size d of queries and keys.
    """

    def __init__(self, size: int, channels: int, *, keys: int) -> None:
        super().__init__()
        self.query = nn.Linear(size, keys, bias=False)
        self.key = nn.Linear(channels, keys, bias=False)
        self.scale = 1 / math.sqrt(keys)

    def start_alike(self, gain: float) -> None:
        """Let queries and keys begin as the same map, so that what is alike attracts from the first step.

        States and features must have the same size.

        Args:
            gain: the map is orthogonal, times this.
        """
        nn.init.orthogonal_(self.query.weight, gain)
        with torch.no_grad():
            self.key.weight.copy_(self.query.weight)

    def start_even(self, share: float) -> None:
        """Let the attention begin nearly even.

        Args:
            share: what is left of the random queries.
        """
        with torch.no_grad():
            self.query.weight.mul_(share)

    def forward(self, state: Float[Tensor, "*n h"]) -> Float[Tensor, "*n c"]:
        """What each state asks of the features."""
        asked: Tensor = self.query(state) @ self.key.weight
        return self.scale * asked
