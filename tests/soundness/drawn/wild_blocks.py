"""Blocks of a user's that do what a block should not, or what few do."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block


@block
class ChangesItsInput(nn.Module):
    """A rectifier that writes into what it is given."""

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        return features.relu_()


@block
class LosesTheGradient(nn.Module):
    """A linear layer whose result carries no gradient."""

    def __init__(self, size: Dim[int, " d"]) -> None:
        super().__init__()
        self.layer = nn.Linear(size, size)

    def forward(self, features: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        return self.layer(features).detach()


@block
class ForgetsALayer(nn.Module):
    """Two layers, of which one is never called."""

    def __init__(self, size: Dim[int, " d"]) -> None:
        super().__init__()
        self.called, self.forgotten = nn.Linear(size, size), nn.Linear(size, size)

    def forward(self, features: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        return self.called(features)


@block
class LooksAtValues(nn.Module):
    """Chooses by the values that it sees."""

    def __init__(self, size: Dim[int, " d"]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.start = float(torch.linspace(0, 1, size).sum().item())

    def forward(self, features: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        return features * self.scale if bool(features.sum() > self.start) else -features * self.scale


@block
class PromisesTooMuch(nn.Module):
    """Gives another shape than it declares."""

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return features.sum(1, keepdim=True).expand(-1, features.shape[1] + 1)


@block
class FollowsTheBatch(nn.Module):
    """Has a weight for each example."""

    def __init__(self, examples: Dim[int, " b"]) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(examples, 1))

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return features * self.scale
