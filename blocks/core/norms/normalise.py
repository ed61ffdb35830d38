"""Vectors of one length."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.unit_length import unit_length
from compose.blocks.core.values import AxisText, DimsText


@block(check=find_axis)
class Normalise(nn.Module):
    """Scale the vectors along an axis to the same length (L2 norm), so that inner products compare directions alone.

    Attention then is not drawn to places and pictures of large features, which those of classes never seen may be.

    Example:
        {dims: "... c h w", axis: c, length: 10}

    Args:
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis that the vectors lie along.
        length: of every vector; a vector of zeros stays as it is.
    """

    def __init__(
        self, *, dims: DimsText = "... d", axis: AxisText = "d", length: Annotated[float, Field(gt=0)] = 1.0
    ) -> None:
        super().__init__()
        self.axis, self.length = find_axis(dims, axis), length

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Scale.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        self.axis.size(features.shape)
        last = features.movedim(self.axis.index, -1)
        scaled: Tensor = self.length * unit_length(last).movedim(-1, self.axis.index)
        return scaled
