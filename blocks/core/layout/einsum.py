"""Products of tensors that are summed over some letters."""

from __future__ import annotations

import einops
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.pattern.einsum_pattern import contracting
from compose.blocks.core.values import EinsumText


@block(check=contracting)
class Einsum(nn.Module):
    """Multiply tensors and sum over the letters that the pattern's right side lacks, as ``einops.einsum`` does.

    ``b m d, l d -> b m l`` gives the inner product of every vector of an image with every label's.

    Example:
        {pattern: "b m d, l d -> b m l"}

    Args:
        pattern: the dims of each tensor, and of the result, in letters.
    """

    def __init__(self, *, pattern: EinsumText) -> None:
        super().__init__()
        self.pattern = contracting(pattern)

    def forward(self, tensors: list[Float[Tensor, "..."]]) -> Float[Tensor, "*m"]:
        """Multiply and sum.

        Args:
            tensors: one for each part of the pattern's left side.

        Returns:
            A tensor with the dims of its right side.
        """
        self.pattern.fit([tensor.shape for tensor in tensors])
        result: Tensor = einops.einsum(*tensors, self.pattern.text)  # type: ignore[call-overload]
        return result
