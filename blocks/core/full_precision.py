"""The precision that losses are computed in."""

from __future__ import annotations

import torch
from torch import Tensor


def full_precision(x: Tensor) -> Tensor:
    """The tensor in single precision at least: sums over thousands of terms get lost in a half-precision one."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
