"""Where a token stands in its sequence."""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block

LONGEST = 10_000.0
"""Wave lengths grow from 2π to 2π times this."""


@block
class PositionalEncoding(nn.Module):
    """Add to each token a vector of its place: waves of many lengths, or a learned one.

    Reference: Attention Is All You Need (NeurIPS 2017), section 3.5.

    Example:
        {kind: learned}

    Args:
        tokens: number of tokens.
        size: size of a token.
        kind: ``sinusoidal`` has no weights and takes any number of tokens; ``learned`` serves the number it began with.
    """

    def __init__(
        self, tokens: Dim[int, " t"], size: Dim[int, " d"], *, kind: Literal["sinusoidal", "learned"] = "sinusoidal"
    ) -> None:
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(tokens, size)) if kind == "learned" else None

    def forward(self, tokens: Float[Tensor, "*b t d"]) -> Float[Tensor, "*b t d"]:
        """Add the places.

        Args:
            tokens: the tokens, ``... t d``.

        Returns:
            The tokens with their places, ``... t d``.
        """
        return tokens + (_waves(tokens) if self.table is None else self.table)


def _waves(tokens: Float[Tensor, "*b t d"]) -> Float[Tensor, "t d"]:
    """Sines in the even entries, cosines in the odd ones."""
    count, size = tokens.shape[-2:]
    place = torch.arange(count, device=tokens.device, dtype=tokens.dtype).unsqueeze(1)
    entry = torch.arange(size, device=tokens.device, dtype=tokens.dtype)
    even = entry - entry % 2
    angle = place * torch.exp(even * (-math.log(LONGEST) / size))
    return torch.where(entry % 2 == 0, angle.sin(), angle.cos())
