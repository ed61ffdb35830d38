"""A linear layer over the last axis."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float, Shaped
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.layers.one_size import one_size


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
        self.layer = nn.Linear(inputs, one_size(size, wanted, parameter="size"), bias=bias)

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
