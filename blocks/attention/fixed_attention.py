"""Attention that is the same on every map."""

from __future__ import annotations

from einops import repeat
from jaxtyping import Float
from torch import Tensor

from compose.blocks.attention.spatial_attention import SpatiallyAttended


def fixed_attention(
    weights: Float[Tensor, "h w"], support: Float[Tensor, "e s c h w"], query: Float[Tensor, "e q c h w"]
) -> SpatiallyAttended:
    """Features of all pictures of episodes by one set of weights, which sum to 1 over the places.

    Only the queries' and the support's own features are computed; that all queries see the same is a view.
    """
    (episodes, queries), pictures = query.shape[:2], support.shape[1]
    places = weights.flatten()
    return SpatiallyAttended(
        query.flatten(3) @ places,
        repeat(support.flatten(3) @ places, "e s c -> e q s c", q=queries),
        repeat(weights, "h w -> e q h w", e=episodes, q=queries),
        repeat(weights, "h w -> e q s h w", e=episodes, q=queries, s=pictures),
    )
