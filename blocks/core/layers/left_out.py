"""Masks of tokens, as torch's attention takes them."""

from __future__ import annotations

from jaxtyping import Bool, Float, Shaped
from torch import Tensor


def left_out(mask: Shaped[Tensor, "*#b k"] | None, tokens: Float[Tensor, "*b k d"]) -> Bool[Tensor, "n k"] | None:
    """True for tokens that no other sees; None where all are seen.

    Args:
        mask: not 0 for a token that is seen.
        tokens: the tokens; their leading dims are joined to one.
    """
    return None if mask is None else (mask == 0).expand(tokens.shape[:-1]).reshape(-1, tokens.shape[-2])
