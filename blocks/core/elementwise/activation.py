"""A nonlinear function of every entry."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.activation_kinds import ActivationKind, activation_layer
from compose.blocks.core.values import Slope


@block
class Activation(nn.Module):
    """Apply a nonlinear function to every entry.

    ``sigmoid`` makes probabilities of logits, in single precision at least, which is what a threshold of 0.5 means as
    the model's scores; a loss takes the logits, from which it computes the same more precisely.

    Example:
        {kind: gelu}

    Args:
        kind: the function.
        slope: what ``leaky_relu`` multiplies negative entries by; nothing else has one.
    """

    def __init__(self, *, kind: ActivationKind = "relu", slope: Slope = 0.01) -> None:
        super().__init__()
        self.function = activation_layer(kind, slope=slope)
        self.probabilities = kind in ("sigmoid", "hardsigmoid")

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Apply it.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        result: Tensor = self.function(features)
        return result
