"""Attention that is the same on every map."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from compose.blocks.attention.spatial_attention import SpatiallyAttended


def fixed_attention(
    weights: Float[Tensor, "h w"], support: Float[Tensor, "e s c h w"], query: Float[Tensor, "e q c h w"]
) -> SpatiallyAttended:
    """Features of all pictures of episodes by one set of weights, which sum to 1 over the places.

    Only the queries' and the support's own features are computed; that all queries see the same is a view.
    """
    episodes, queries = query.shape[:2]
    pictures, places = support.shape[1], weights.flatten()
    features = support.flatten(3) @ places  # e s c
    return SpatiallyAttended(
        query.flatten(3) @ places,
        features.unsqueeze(1).expand(-1, queries, -1, -1),
        weights.expand(episodes, queries, -1, -1),
        weights.expand(episodes, queries, pictures, -1, -1),
    )
