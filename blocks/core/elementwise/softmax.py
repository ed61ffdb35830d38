"""Shares that sum to one along an axis."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.values import AxisText, DimsText


@block(check=find_axis)
class Softmax(nn.Module):
    """Make shares of scores, which are positive and sum to one along an axis.

    Example:
        {dims: "b h w", axis: w, temperature: 0.5}

    Args:
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis.
        temperature: what the scores are divided by before.
        log: whether the logarithms of the shares come out.
    """

    def __init__(
        self,
        *,
        dims: DimsText = "... d",
        axis: AxisText = "d",
        temperature: Annotated[float, Field(gt=0)] = 1.0,
        log: bool = False,
    ) -> None:
        super().__init__()
        self.axis, self.temperature, self.log = find_axis(dims, axis), temperature, log
        self.probabilities = not log

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Apply it.

        Args:
            features: the scores.

        Returns:
            The shares, of the same shape.
        """
        self.axis.size(features.shape)
        scaled = features / self.temperature
        return scaled.log_softmax(self.axis.index) if self.log else scaled.softmax(self.axis.index)
