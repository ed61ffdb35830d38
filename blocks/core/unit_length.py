"""L2 normalisation that second derivatives survive."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from compose.blocks.core.full_precision import full_precision


def unit_length(x: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
    """The vectors over their L2 norm, which is computed in single precision at least.

    A vector of zeros stays one, and its derivatives are finite. Those of ``F.normalize`` are 1e12 and, where a gradient
    is differentiated again as by MAML, not a number.
    """
    precise = full_precision(x)
    squared = precise.square().sum(-1, keepdim=True)
    return (precise * squared.masked_fill(squared == 0, 1).rsqrt()).to(x.dtype)
