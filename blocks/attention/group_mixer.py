"""Two MLPs that mix a group's places and its channels."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from compose.blocks.core.activation_kinds import LayerActivation, activation_layer


class GroupMixer(nn.Module):
    """Mix the places of each channel, then the channels of each place.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2, eq. 4-5.

    Args:
        dim: channels in a group.
        sets: sets of weights: as many as groups, or 1 that they share.
        places: places of the map, height · width.
        reduction: how many times narrower the hidden layers are.
        activation: the activation of the hidden layers.
        dropout: share of their entries dropped while training.
        eps: added to the variance by the layer norms.
    """

    def __init__(
        self,
        dim: int,
        sets: int,
        *,
        places: int,
        reduction: int,
        activation: LayerActivation = "gelu",
        dropout: float = 0.0,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.sets = sets
        self.norm_places = GroupLayerNorm(sets, dim, eps=eps)
        self.mix_places = _mlp(sets, places, reduction, activation, dropout)
        self.norm_channels = GroupLayerNorm(sets, dim, eps=eps)
        self.mix_channels = _mlp(sets, dim, reduction, activation, dropout)

    def forward(self, groups: Float[Tensor, "b g r d"]) -> Float[Tensor, "b g r d"]:
        """Mix; ``r`` are the places. Groups that share their weights are so many more images."""
        x: Tensor = rearrange(groups, "b (n s) r d -> (b n) s r d", s=self.sets)
        x = x + self.mix_places(self.norm_places(x).mT).mT  # eq. 4
        x = x + self.mix_channels(self.norm_channels(x))  # eq. 5
        return x.reshape(groups.shape)


class GroupLinear(nn.Module):
    """A linear layer for each group: ``b g r i`` -> ``b g r o``, all groups in one product.

    Args:
        groups: number of groups.
        inputs: size of the last axis.
        outputs: its size afterwards.
    """

    def __init__(self, groups: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = inputs**-0.5  # as nn.Linear
        self.weight = nn.Parameter(torch.empty(groups, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(groups, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "b g r i"]) -> Float[Tensor, "b g r o"]:
        """Apply each group's layer."""
        return torch.einsum("bgri,gio->bgro", x, self.weight) + self.bias


class GroupLayerNorm(nn.Module):
    """Layer norm over the last axis with a scale and a shift for each group: ``b g r d`` -> ``b g r d``.

    Args:
        groups: number of groups.
        dim: size of the last axis.
        eps: added to the variance.
    """

    def __init__(self, groups: int, dim: int, *, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(groups, 1, dim))
        self.bias = nn.Parameter(torch.zeros(groups, 1, dim))

    def forward(self, x: Float[Tensor, "b g r d"]) -> Float[Tensor, "b g r d"]:
        """Normalise, scale and shift."""
        return torch.addcmul(self.bias, F.layer_norm(x, x.shape[-1:], eps=self.eps), self.weight)


def _mlp(sets: int, width: int, reduction: int, activation: LayerActivation, dropout: float) -> nn.Sequential:
    hidden = max(1, width // reduction)
    last = GroupLinear(sets, hidden, width)
    nn.init.zeros_(last.weight)  # a residual branch adds nothing at first: the maps reach the scores as they are
    nn.init.zeros_(last.bias)
    dropped = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(GroupLinear(sets, width, hidden), activation_layer(activation), *dropped, last)
