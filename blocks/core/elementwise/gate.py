"""Features that others let through or hold back."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.activation_kinds import activation_layer
from compose.blocks.core.elementwise.broadcast import check_broadcast


@block
class Gate(nn.Module):
    """Multiply features by a gate between 0 and 1; where it has dims of size 1 they are repeated.

    Example:
        {kind: hardsigmoid}

    Args:
        kind: the function that makes the gate of what arrives there; ``none`` takes it as it is.
    """

    def __init__(self, *, kind: Literal["sigmoid", "hardsigmoid", "tanh", "none"] = "sigmoid") -> None:
        super().__init__()
        self.function = nn.Sigmoid() if kind == "sigmoid" else activation_layer(kind)

    def forward(self, features: Float[Tensor, "*n"], gate: Float[Tensor, "*m"]) -> Float[Tensor, "*o"]:
        """Let through.

        Args:
            features: what is gated.
            gate: what the gate is made of: of the same shape, or one that broadcasts to it.

        Returns:
            The product, of the shape that both broadcast to.
        """
        check_broadcast([features, gate])
        gated: Tensor = features * self.function(gate)
        return gated
