"""Masks of tokens, as torch's attention takes them."""

from __future__ import annotations

from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from compose.block import BlockError
from compose.blocks.core.pattern.side import shape_text


def left_out(mask: Shaped[Tensor, "*#b k"] | None, tokens: Float[Tensor, "*b k d"]) -> Bool[Tensor, "n k"] | None:
    """True for tokens that no other sees; None where all are seen.

    Args:
        mask: not 0 for a token that is seen.
        tokens: the tokens; their leading dims are joined to one.

    Raises:
        BlockError: the mask is of more sequences than there are.
    """
    if mask is None:
        return None
    if mask.ndim > tokens.ndim - 1:
        raise BlockError(f"a mask of {shape_text(mask.shape)} has more dims than tokens of {shape_text(tokens.shape)}")
    return (mask == 0).expand(tokens.shape[:-1]).reshape(-1, tokens.shape[-2])
