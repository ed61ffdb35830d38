"""Where in a map each label looks."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block


class LabelFeatures(NamedTuple):
    """Features of their own for the labels, and the places that they come from.

    Attributes:
        features: one feature for each image and label, ``b l c``.
        attention: what each label takes from each place, ``b l h w``; sums to 1 over the places.
    """

    features: Float[Tensor, "b l c"]
    attention: Float[Tensor, "b l h w"]


@block
class LabelAttention(nn.Module):
    """Take for every label the mean of the map over the places that its vector asks for.

    The label's vector is the query, the places are the keys: a softmax over their inner products.

    Reference: RGCN-PosVAE (BMVC 2020), the authors' code.

    Deviates: the text has one feature for a whole image, without attention; the code does not scale.

    Args:
        channels: channels of the map.
        dim: size of a label's vector.
        hidden: size of the queries and keys.
        scaled: whether an inner product is divided by the root of this size.
    """

    def __init__(
        self,
        channels: Dim[int, " c"],
        dim: Dim[int, " d"],
        *,
        hidden: Annotated[int, Field(gt=0)] = 256,
        scaled: bool = True,
    ) -> None:
        super().__init__()
        self.query = nn.Linear(dim, hidden)
        self.key = nn.Linear(channels, hidden)
        self.scale = hidden**-0.5 if scaled else 1.0

    def forward(self, maps: Float[Tensor, "b c h w"], labels_vectors: Float[Tensor, "l d"]) -> LabelFeatures:
        """Look.

        Args:
            maps: the map, ``b c h w``.
            labels_vectors: vectors of the labels in use, ``l d``.

        Returns:
            The labels' features, ``b l c``, and their attention, ``b l h w``.
        """
        places = rearrange(maps, "b c h w -> b (h w) c")
        relevance = self.query(labels_vectors) @ self.key(places).mT * self.scale  # b l hw
        attention = relevance.softmax(dim=-1)
        return LabelFeatures(attention @ places, rearrange(attention, "b l (h w) -> b l h w", h=maps.shape[2]))
