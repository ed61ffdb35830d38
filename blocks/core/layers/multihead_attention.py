"""Attention with several heads."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from compose.block import BlockError, Dim, block
from compose.blocks.core.layers.left_out import left_out
from compose.blocks.core.values import DropShare, Positive


class AttendedTokens(NamedTuple):
    """What tokens take from others.

    Attributes:
        features: one for each token that asks, ``... q d``.
        weights: what it takes from each of the others, a mean over the heads, ``... q k``; sums to 1 over them.
    """

    features: Float[Tensor, "*b q d"]
    weights: Float[Tensor, "*b q k"]


@block
class MultiheadAttention(nn.Module):
    """Let tokens attend to others: to what is wired to ``key``, or to one another where nothing is.

    ``torch.nn.MultiheadAttention`` does the work, and has the weights.

    Example:
        {heads: 4, dropout: 0.1}

    Args:
        size: size of a token that asks, and of the result.
        key_size: size of a key.
        value_size: size of a value.
        heads: number of heads, which divides ``size``.
        dropout: share of the weights dropped while training.
        bias: whether the projections have biases.
    """

    def __init__(
        self,
        size: Dim[int, " d"],
        key_size: Dim[int, " i"] | None = None,
        value_size: Dim[int, " o"] | None = None,
        *,
        heads: Positive = 8,
        dropout: DropShare = 0.0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_heads(size, heads)
        of_value = value_size if value_size is not None else key_size
        self.layer = nn.MultiheadAttention(
            size, heads, dropout=dropout, bias=bias, kdim=key_size, vdim=of_value, batch_first=True
        )

    def forward(
        self,
        query: Float[Tensor, "*b q d"],
        key: Float[Tensor, "*b k i"] | None = None,
        value: Float[Tensor, "*b k o"] | None = None,
        mask: Shaped[Tensor, "*#b k"] | None = None,
    ) -> AttendedTokens:
        """Attend.

        Args:
            query: the tokens that ask, ``... q d``.
            key: those that are asked, ``... k i``; by default ``query``.
            value: what is taken from them, ``... k o``; by default ``key``.
            mask: not 0 for a token that is asked, 0 for one that is left out, ``... k``; one at least is asked.

        Returns:
            What each token takes, ``... q d``, and how much of each, ``... q k``.
        """
        asked = query if key is None else key
        taken = asked if value is None else value
        leading = query.shape[:-2]
        flat = [x.reshape(-1, *x.shape[-2:]) for x in (query, asked, taken)]
        features, weights = self.layer(*flat, key_padding_mask=left_out(mask, asked))
        return AttendedTokens(features.reshape(query.shape), weights.reshape(*leading, *weights.shape[1:]))


def check_heads(size: int, heads: int) -> None:
    """Refuse heads that do not divide the size of a token.

    Raises:
        BlockError: they do not.
    """
    if size % heads:
        raise BlockError(f"expected a number that divides the tokens' size {size}, got {heads}", parameter="heads")
