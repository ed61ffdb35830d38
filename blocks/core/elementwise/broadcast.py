"""Whether tensors meet entry by entry."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from compose.block import BlockError
from compose.blocks.core.pattern.side import shape_text


def check_broadcast(tensors: Sequence[Tensor]) -> None:
    """Refuse tensors that do not broadcast to one shape.

    Raises:
        BlockError: they have a dim of two sizes, none of them 1.
    """
    try:
        torch.broadcast_shapes(*(tensor.shape for tensor in tensors))  # type: ignore[no-untyped-call]
    except RuntimeError:
        shown = ", ".join(shape_text(tensor.shape) for tensor in tensors)
        message = f"tensors of {shown} do not meet entry by entry: a dim has the same size in all, or 1"
        raise BlockError(message) from None
