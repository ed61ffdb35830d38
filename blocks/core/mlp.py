"""A multi-layer perceptron over the last axis."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
}


@block
class Mlp(nn.Module):
    """Linear layers with an activation between each two; all axes before the last are kept.

    Example:
        {sizes: [512, 300], dropout: 0.1}

    Args:
        inputs: size of the last axis.
        sizes: size of the last axis after each linear layer.
        activation: the activation between two layers; none follows the last.
        dropout: share of the entries dropped after each activation while training.
    """

    def __init__(
        self,
        inputs: Dim[int, " i"],
        *,
        sizes: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)],
        activation: Literal["relu", "gelu", "tanh", "leaky_relu"] = "relu",
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for size_in, size_out in pairwise([inputs, *sizes]):
            layers += [nn.Linear(size_in, size_out), ACTIVATIONS[activation](), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers[:-2])

    def forward(self, features: Float[Tensor, "*n i"]) -> Float[Tensor, "*n o"]:
        """Apply the layers.

        Args:
            features: any tensor, ``... i``.

        Returns:
            The same with a last axis of another size, ``... o``.
        """
        projected: Tensor = self.layers(features)
        return projected
