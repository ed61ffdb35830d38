"""Cosines of the angles between vectors."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.similarity.pairs_of import inner_products
from compose.blocks.core.unit_length import unit_length


@block(name="cosine")
class CosineSimilarity(nn.Module):
    """Compare vectors by the cosine of their angle, from -1 to 1; with a vector of zeros it is 0.

    ``scale`` behind it makes logits of cosines: ``{factor: 10, learned: true}``.
    """

    def forward(self, first: Float[Tensor, "*n d"], second: Float[Tensor, "*s m d"]) -> Float[Tensor, "*n m"]:
        """Compare.

        Args:
            first: the vectors, ``... d``.
            second: what each of them is compared with, ``m d``, such as the labels' vectors; or for each its own,
                ``... m d``.

        Returns:
            One cosine for each pair, ``... m``.
        """
        return inner_products(unit_length(first), unit_length(second))
