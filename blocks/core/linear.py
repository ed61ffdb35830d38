"""A linear layer over the last axis."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block


@block
class Linear(nn.Module):
    """Map the last axis linearly to another size; all axes before it are kept.

    Example:
        {size: 300}

    Args:
        inputs: size of the last axis.
        size: its size afterwards.
        bias: whether to add a bias.
    """

    def __init__(self, inputs: Dim[int, " i"], *, size: Annotated[int, Field(gt=0)], bias: bool = True) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, size, bias=bias)

    def forward(self, features: Float[Tensor, "*n i"]) -> Float[Tensor, "*n o"]:
        """Apply the layer.

        Args:
            features: any tensor, ``... i``.

        Returns:
            The same with a last axis of another size, ``... o``.
        """
        projected: Tensor = self.layer(features)
        return projected
