"""Normalisation of groups of channels of every example by itself."""

from __future__ import annotations

from math import prod
from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dims, block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.values import AxisText, DimsText, Epsilon


@block(check=find_axis)
class GroupNorm(nn.Module):
    """Bring each group of channels of an example to mean 0 and variance 1, and scale and shift the channels.

    The first dim counts the examples. One group is a layer norm over all that an example has, as many groups as
    channels an instance norm.

    Example:
        {groups: 4, dims: "b c h w", axis: c}

    Args:
        shape: shape of the features.
        groups: number of groups that the channels are cut into.
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis of the channels.
        eps: added to the variance.
        affine: whether channels are scaled and shifted by learned numbers.
    """

    def __init__(
        self,
        shape: Dims[tuple[int, ...], " n"],
        *,
        groups: Annotated[int, Field(gt=0)],
        dims: DimsText = "b d ...",
        axis: AxisText = "d",
        eps: Epsilon = 1e-5,
        affine: bool = True,
    ) -> None:
        super().__init__()
        self.axis = find_axis(dims, axis)
        channels = self.axis.size(shape)
        if channels % groups:
            raise BlockError(f"expected a number that divides {channels} channels, got {groups}", parameter="groups")
        if self.axis.index % len(shape) == 0:
            raise BlockError(f'the first dim of "{dims}" counts the examples, and is no axis', parameter="axis")
        if prod(shape[1:]) == groups:
            raise BlockError(f"expected several numbers in a group, got one in each of {groups}", parameter="groups")
        self.layer = nn.GroupNorm(groups, channels, eps=eps, affine=affine)

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Normalise.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        normalised: Tensor = self.layer(features.movedim(self.axis.index, 1))
        return normalised.movedim(1, self.axis.index)
