"""The spatial attention of STANet: where to look in the pictures of an episode."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.attention.scaled_query import ScaledQuery

SHARE = 0.3
"""Of the random queries at the start: the places count about evenly until training says which matter."""


class SpatiallyAttended(NamedTuple):
    """What a query picture's attention takes from its own map and from each support map.

    Attributes:
        query_features: features of the query pictures, ``e q c``.
        support_features: features of the support pictures as each query sees them, ``e q s c``.
        query_attention: what is taken from each place of a query's map, ``e q h w``; sums to 1 over the places.
        support_attention: the same for the support maps, ``e q s h w``.
    """

    query_features: Float[Tensor, "e q c"]
    support_features: Float[Tensor, "e q s c"]
    query_attention: Float[Tensor, "e q h w"]
    support_attention: Float[Tensor, "e q s h w"]


@block
class SpatialAttention(nn.Module):
    """Look in all pictures of an episode for what a query picture shows: a weighted mean over the places of each map.

    The query's state asks its own map and every support map, so that background is left out and the features of the
    support depend on the query. At the start all places count about evenly. Memory grows with
    episodes · queries · support · (channels + places).

    Reference: STANet (AAAI 2019), section 4.2.1, eq. 3-5.

    Args:
        size: size of a query's state.
        channels: channels of the maps.
        keys: size of queries and keys; by default ``channels``.
    """

    def __init__(
        self, size: Dim[int, " k"], channels: Dim[int, " c"], *, keys: Annotated[int, Field(gt=0)] | None = None
    ) -> None:
        super().__init__()
        self.asked = ScaledQuery(size, channels, keys=keys or channels)
        self.asked.start_even(SHARE)

    def forward(
        self,
        state: Float[Tensor, "e q k"],
        support: Float[Tensor, "e s c h w"],
        query: Float[Tensor, "e q c h w"],
    ) -> SpatiallyAttended:
        """Look.

        Args:
            state: what is known of each query picture, ``e q k``.
            support: maps of the support pictures, ``e s c h w``.
            query: maps of the query pictures, ``e q c h w``.

        Returns:
            The features z of the queries, ``e q c``, and of the support for each query, ``e q s c``; the attention a
            on the queries' maps, ``e q h w``, and on the support's, ``e q s h w``.
        """
        asked = self.asked(state)  # e q c, eq. 3
        own, own_attention = _look(asked.unsqueeze(2), query)  # each query its own map: e q 1 ...
        others, others_attention = _look(asked.unsqueeze(1), support)  # all queries every map: e s q ...
        return SpatiallyAttended(
            rearrange(own, "e q 1 c -> e q c"),
            rearrange(others, "e s q c -> e q s c"),
            rearrange(own_attention, "e q 1 h w -> e q h w"),
            rearrange(others_attention, "e s q h w -> e q s h w"),
        )


def _look(
    asked: Float[Tensor, " e #i j c"], maps: Float[Tensor, "e i c h w"]
) -> tuple[Float[Tensor, "e i j c"], Float[Tensor, "e i j h w"]]:
    """The feature and the attention for each map and each of the j that ask it."""
    places = maps.flatten(3)  # e i c hw
    attention = (asked @ places).softmax(dim=-1)  # eq. 4
    features = attention @ places.mT  # eq. 5
    return features, rearrange(attention, "e i j (h w) -> e i j h w", h=maps.shape[3])
