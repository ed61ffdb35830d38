"""Dims that are pooled away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import einops
import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.pattern.einops_pattern import reducing
from compose.blocks.core.values import DimSizes, ReducingText


@block(check=reducing)
class Reduce(nn.Module):
    """Pool over dims, as ``einops.reduce`` does: those that the pattern's right side lacks.

    The mean over a map's places, one vector for each image, is ``b c h w -> b c``.

    Example:
        {pattern: "b c h w -> b c", how: max}

    Args:
        pattern: the dims before and after, in letters.
        how: what is made of the entries that are pooled.
        sizes: sizes of letters that the tensor alone does not tell, such as ``{h: 7}``.
    """

    def __init__(
        self,
        *,
        pattern: ReducingText,
        how: Literal["mean", "sum", "max", "min", "prod", "logsumexp"] = "mean",
        sizes: DimSizes = None,
    ) -> None:
        super().__init__()
        self.pattern = reducing(pattern, sizes)
        self.how: str | Callable[[Tensor, Any], Tensor] = _logsumexp if how == "logsumexp" else how

    def forward(self, tensor: Float[Tensor, "*n"]) -> Float[Tensor, "*m"]:
        """Pool.

        Args:
            tensor: any tensor with the dims of the pattern's left side.

        Returns:
            A tensor with those of its right side.
        """
        return einops.reduce(tensor, self.pattern.text, self.how, **self.pattern.sizes(tensor.shape))


def _logsumexp(tensor: Tensor, dims: Any) -> Tensor:
    return torch.logsumexp(tensor, dim=tuple(dims))
