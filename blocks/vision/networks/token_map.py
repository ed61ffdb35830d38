"""The tokens of a transformer as a map of their places."""

from __future__ import annotations

from collections.abc import Sequence

from einops import rearrange
from torch import Tensor


def map_of_tokens(tokens: Tensor, grid: Sequence[int]) -> Tensor:
    """The places' tokens as a map.

    Args:
        tokens: ``b (p + h w) c``: prefix tokens, such as the class token, before those of the places.
        grid: h and w.

    Returns:
        ``b c h w``.
    """
    places = tokens[:, tokens.shape[1] - grid[0] * grid[1] :]
    return rearrange(places, "b (h w) c -> b c h w", h=grid[0], w=grid[1])


def channels_first(found: Tensor) -> Tensor:
    """``b h w c`` -> ``b c h w``."""
    return rearrange(found, "b h w c -> b c h w")
