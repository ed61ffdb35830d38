"""Dims in another order, joined or split."""

from __future__ import annotations

import einops
from jaxtyping import Shaped
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.moved_entries import moved_entries
from compose.blocks.core.pattern.einops_pattern import rearranging
from compose.blocks.core.values import DimSizes, PatternText


@block(check=rearranging)
class Rearrange(nn.Module):
    """Reorder, join and split dims, as ``einops.rearrange`` does.

    A map becomes tokens by ``b c h w -> b (h w) c``. Back it goes by ``b (h w) c, b x h w -> b c h w`` with the map
    wired to ``like``: letters of the second tensor give sizes.

    Example:
        {pattern: "b c h w -> b (h w) c"}

    Args:
        pattern: the dims before and after, in letters.
        sizes: sizes of letters that the tensor alone does not tell, such as ``{h: 7}``.
    """

    def __init__(self, *, pattern: PatternText, sizes: DimSizes = None) -> None:
        super().__init__()
        self.pattern = rearranging(pattern, sizes)

    index_ranges = moved_entries("tensor")

    def forward(self, tensor: Shaped[Tensor, "*n"], like: Shaped[Tensor, "*k"] | None = None) -> Shaped[Tensor, "*m"]:
        """Rearrange.

        Args:
            tensor: any tensor with the dims of the pattern's left side.
            like: a tensor that the left side describes after a comma; only its sizes count.

        Returns:
            The same entries in the dims of the pattern's right side.
        """
        sizes = self.pattern.sizes(tensor.shape, None if like is None else like.shape)
        return einops.rearrange(tensor, self.pattern.text, **sizes)
