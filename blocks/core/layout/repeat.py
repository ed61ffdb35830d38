"""Dims that are added."""

from __future__ import annotations

import einops
from jaxtyping import Shaped
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.moved_entries import moved_entries
from compose.blocks.core.pattern.einops_pattern import repeating
from compose.blocks.core.values import DimSizes, PatternText


@block(check=repeating)
class Repeat(nn.Module):
    """Repeat a tensor along new dims, as ``einops.repeat`` does.

    With ``like`` wired the new dims are as long as those of another tensor: ``l d, b ... -> b l d`` gives every image
    the labels' vectors.

    Example:
        {pattern: "b d -> b 4 d"}

    Args:
        pattern: the dims before and after, in letters.
        sizes: sizes of letters that the tensor alone does not tell, such as ``{l: 4}``.
    """

    def __init__(self, *, pattern: PatternText, sizes: DimSizes = None) -> None:
        super().__init__()
        self.pattern = repeating(pattern, sizes)

    index_ranges = moved_entries("tensor")

    def forward(self, tensor: Shaped[Tensor, "*n"], like: Shaped[Tensor, "*k"] | None = None) -> Shaped[Tensor, "*m"]:
        """Repeat.

        Args:
            tensor: any tensor with the dims of the pattern's left side.
            like: a tensor that the left side describes after a comma; only its sizes count.

        Returns:
            The tensor in the dims of the pattern's right side.
        """
        sizes = self.pattern.sizes(tensor.shape, None if like is None else like.shape)
        return einops.repeat(tensor, self.pattern.text, **sizes)
