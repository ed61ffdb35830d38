"""A product of tensors."""

from __future__ import annotations

from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.elementwise.broadcast import check_broadcast


@block
class Multiply(nn.Module):
    """Multiply tensors, entry by entry; dims of size 1 are repeated."""

    def forward(self, tensors: list[Float[Tensor, "..."]]) -> Float[Tensor, "*m"]:
        """Multiply them.

        Args:
            tensors: the factors.

        Returns:
            Their product, of the shape that they broadcast to.
        """
        check_broadcast(tensors)
        return reduce(torch.mul, tensors)
