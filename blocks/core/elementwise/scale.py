"""A factor, fixed or learned."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dims, block
from compose.blocks.core.pattern.axis import NamedAxis, find_any_axis
from compose.blocks.core.values import AxisText, DimsText


@block(check=find_any_axis)
class Scale(nn.Module):
    """Multiply by a factor: one for all, or a learned one for each entry along an axis.

    A small learned one for each channel is the layer scale of vision transformers; -1 makes scores of distances.

    Example:
        {factor: 1e-4, learned: true, axis: d}

    Args:
        shape: shape of the features.
        factor: the factor, or what it starts at.
        learned: whether it is learned.
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis along which each entry has a factor of its own; null for one for all.
    """

    factor: Tensor

    def __init__(
        self,
        shape: Dims[tuple[int, ...], " n"],
        *,
        factor: float = 1.0,
        learned: bool = False,
        dims: DimsText = "... d",
        axis: AxisText | None = None,
    ) -> None:
        super().__init__()
        found = find_any_axis(dims, axis)
        start = torch.full(_shape_along(found, shape), factor)
        if learned:
            self.factor = nn.Parameter(start)
        else:
            self.register_buffer("factor", start, persistent=False)

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Multiply.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        return features * self.factor


def _shape_along(axis: NamedAxis | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of the factors, which broadcasts to the features'."""
    if axis is None:
        return ()
    behind = len(shape) - 1 - axis.index % len(shape)
    return (axis.size(shape), *(1,) * behind)
