"""The first state of a query picture."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class QueryState(nn.Module):
    """Begin with the mean of a query picture's map, before any attention has looked at it.

    Reference: STANet (AAAI 2019), section 4.2.1.
    """

    def forward(self, query: Float[Tensor, "e q c h w"]) -> Float[Tensor, "e q c"]:
        """Average over the places.

        Args:
            query: maps of the query pictures, ``e q c h w``.

        Returns:
            One state for each query picture, ``e q c``.
        """
        return query.mean((-2, -1))
