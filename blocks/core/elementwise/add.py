"""A sum of tensors."""

from __future__ import annotations

from functools import reduce

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dims, block
from compose.blocks.core.elementwise.broadcast import check_broadcast


@block
class Add(nn.Module):
    """Add tensors, entry by entry; dims of size 1 are repeated.

    With ``learned`` each tensor has a factor that is learned and starts at 1, as DESIRE-Net adds up the scores of
    several inferences (section 3.2.2, the sum after eq. 10). The factors depend on how many tensors are added, not on
    their sizes.

    Example:
        {learned: true}

    Args:
        sizes: last size of each tensor.
        learned: whether each tensor has a learned factor.
    """

    def __init__(self, sizes: Dims[tuple[int, ...], " d"], *, learned: bool = False) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.ones(len(sizes))) if learned else None

    def forward(self, tensors: list[Float[Tensor, "*#n ?d"]]) -> Float[Tensor, "*m"]:
        """Add them up.

        Args:
            tensors: the terms, ``... d`` each.

        Returns:
            Their sum, of the shape that they broadcast to.
        """
        check_broadcast(tensors)
        if self.factors is None:
            return reduce(torch.add, tensors)
        alike = torch.broadcast_tensors(*tensors)  # type: ignore[no-untyped-call]
        return (torch.stack(alike, dim=-1) * self.factors).sum(dim=-1)
