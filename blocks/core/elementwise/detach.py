"""Where gradients end."""

from __future__ import annotations

from jaxtyping import Shaped
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.moved_entries import moved_entries


@block
class Detach(nn.Module):
    """Pass a tensor on as it is and let no gradient back: what stands before it is not trained by what stands behind.

    The output carries no gradient.
    """

    index_ranges = moved_entries("tensor")

    def forward(self, tensor: Shaped[Tensor, "*n"]) -> Shaped[Tensor, "*n"]:
        """Pass it on.

        Args:
            tensor: any tensor.

        Returns:
            The same, without a gradient.
        """
        return tensor.detach()
