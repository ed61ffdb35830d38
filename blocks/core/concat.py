"""Put features of the same examples side by side."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class Concat(nn.Module):
    """Concatenate feature vectors of the same examples."""

    def forward(self, features: list[Float[Tensor, "*n ?d"]]) -> Float[Tensor, "*n e"]:
        """Concatenate.

        Args:
            features: vectors with sizes of their own, each ``... d``.

        Returns:
            One long vector for each, ``... e``.
        """
        return torch.cat(features, dim=-1)
