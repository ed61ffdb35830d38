"""Tensors side by side."""

from __future__ import annotations

import torch
from jaxtyping import Shaped
from torch import Tensor, nn

from compose.block import BlockError, block
from compose.blocks.core.moved_entries import moved_entries
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.pattern.side import shape_text
from compose.blocks.core.values import AxisText, DimsText


@block(check=find_axis)
class Concat(nn.Module):
    """Put tensors side by side along an axis, by default the last one.

    Example:
        {dims: "b c h w", axis: c}

    Args:
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis.
    """

    def __init__(self, *, dims: DimsText = "... d", axis: AxisText = "d") -> None:
        super().__init__()
        self.axis, self.letter = find_axis(dims, axis), axis

    index_ranges = moved_entries("tensors")

    def forward(self, tensors: list[Shaped[Tensor, "..."]]) -> Shaped[Tensor, "*m"]:
        """Concatenate.

        Args:
            tensors: tensors that differ in the size of this axis alone.

        Returns:
            One tensor, as long along the axis as all of them together.
        """
        rests = [self._rest(tensor.shape) for tensor in tensors]
        if any(rest != rests[0] for rest in rests[1:]):
            shown = ", ".join(shape_text(tensor.shape) for tensor in tensors)
            message = f'tensors of {shown} differ in another axis than `{self.letter}` of "{self.axis.layout}"'
            raise BlockError(message, parameter="axis")
        return torch.cat(tensors, dim=self.axis.index)

    def _rest(self, shape: torch.Size) -> tuple[int, ...]:
        """All sizes but that of the axis."""
        self.axis.size(shape)
        place = self.axis.index % len(shape)
        return (*shape[:place], *shape[place + 1 :])
