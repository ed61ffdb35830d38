"""Entries that are left out at random."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.values import DropShare


@block
class Dropout(nn.Module):
    """Set entries to zero at random while training, and scale the others up so that the mean stays.

    Example:
        {p: 0.1}

    Args:
        p: the share that is set to zero.
    """

    def __init__(self, *, p: DropShare = 0.5) -> None:
        super().__init__()
        self.layer = nn.Dropout(p)

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Drop entries.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        result: Tensor = self.layer(features)
        return result
