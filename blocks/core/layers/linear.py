"""A linear layer over the last axis."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float, Shaped
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block


@block
class Linear(nn.Module):
    """Map the last axis linearly to another size; all axes before it are kept.

    The size is a number, or the last size of what is wired to ``like``: ``in: [x, labels.vectors]`` maps into the space
    of the labels' vectors, and ``in: [x, external.classes]`` scores the external classes.

    Example:
        {size: 300}

    Args:
        inputs: size of the last axis.
        wanted: last size of ``like``.
        size: the size afterwards, where ``like`` is not wired.
        bias: whether to add a bias.
    """

    def __init__(
        self,
        inputs: Dim[int, " i"],
        wanted: Dim[int, " o"] | None = None,
        *,
        size: Annotated[int, Field(gt=0)] | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        outputs = size or wanted
        if outputs is None or (size and wanted):
            told = "neither is there" if outputs is None else f"got {size}, and {wanted} by `like`"
            raise BlockError(f"expected `size: ...`, or a tensor at `like` of that size: {told}", parameter="size")
        self.layer = nn.Linear(inputs, outputs, bias=bias)

    def forward(
        self, features: Float[Tensor, "*n i"], like: Shaped[Tensor, "*k o"] | None = None
    ) -> Float[Tensor, "*n o"]:
        """Apply the layer.

        Args:
            features: any tensor, ``... i``.
            like: a tensor ``... o``; only its last size counts.

        Returns:
            The features with a last axis of another size, ``... o``.
        """
        projected: Tensor = self.layer(features)
        return projected
