"""Distances between vectors."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.similarity.pairs_of import inner_products


@block(name="distance")
class VectorDistance(nn.Module):
    """Compare vectors by their distance, in single precision at least.

    ``scale`` behind it makes scores of distances: ``{factor: -1}``. Where two vectors are the same the gradient is 0.

    Example:
        {kind: squared}

    Args:
        kind: the ``euclidean`` distance, or its square.
    """

    def __init__(self, *, kind: Literal["euclidean", "squared"] = "euclidean") -> None:
        super().__init__()
        self.squared = kind == "squared"

    def forward(self, first: Float[Tensor, "*n d"], second: Float[Tensor, "*s m d"]) -> Float[Tensor, "*n m"]:
        """Compare.

        Args:
            first: the vectors, ``... d``.
            second: what each of them is compared with, ``m d``, such as the labels' vectors; or for each its own,
                ``... m d``.

        Returns:
            One distance for each pair, ``... m``.
        """
        first, second = full_precision(first), full_precision(second)
        with torch.autocast(first.device.type, enabled=False):
            products = inner_products(first, second)
            lengths = first.square().sum(-1, keepdim=True) + second.square().sum(-1)
            squared = (lengths - 2 * products).clamp(min=0)
        if self.squared:
            return squared
        same = squared == 0
        return squared.masked_fill(same, 1).sqrt().masked_fill(same, 0)
