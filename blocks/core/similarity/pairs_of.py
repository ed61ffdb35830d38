"""Every vector of one tensor with every one of another."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from compose.block import BlockError
from compose.blocks.core.pattern.side import shape_text


def inner_products(first: Float[Tensor, "*n d"], second: Float[Tensor, "*s m d"]) -> Float[Tensor, "*n m"]:
    """The inner product of each vector with all the others, or with those of its own.

    Args:
        first: the vectors, ``... d``.
        second: what each of them meets, ``m d``; or for each its own, ``... m d``.

    Raises:
        BlockError: the leading dims of the second are neither none nor those of the first.
    """
    if second.ndim == 2:
        return first @ second.mT
    if second.shape[:-2] != first.shape[:-1]:
        message = f"expected at `second` vectors m × d, or {shape_text(first.shape[:-1])} × m × d"
        raise BlockError(f"{message}, got {shape_text(second.shape)}")
    return (first.unsqueeze(-2) @ second.mT).squeeze(-2)
