"""The activations that layers can have, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import relu6

from compose.blocks.core.full_precision import full_precision

ActivationKind = Literal[
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "mish",
    "softplus",
    "tanh",
    "sigmoid",
    "hardsigmoid",
    "hardswish",
]
LayerActivation = Literal["none", ActivationKind]
"""The activation of a layer, which may have none."""


class FullSigmoid(nn.Module):
    """A sigmoid in single precision at least: in a half-precision one it is 1 for all numbers above 9."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply it."""
        return full_precision(x).sigmoid()


class HardSigmoid(nn.Module):
    """torch's, which has no second derivative: weights that adapt to a task need one."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply it."""
        return relu6(x + 3) / 6


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "tanh": nn.Tanh,
    "sigmoid": FullSigmoid,
    "hardsigmoid": HardSigmoid,
    "hardswish": nn.Hardswish,
}


def activation_layer(kind: LayerActivation, *, slope: float = 0.01) -> nn.Module:
    """The activation of a name; ``slope`` is what ``leaky_relu`` multiplies negative entries by."""
    return nn.LeakyReLU(slope) if kind == "leaky_relu" else ACTIVATIONS[kind]()
