"""A tensor that is learned, such as tokens that ask an image."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from jaxtyping import Float, Shaped
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dims, block
from compose.blocks.core.pattern.learned_shape import learned_shape
from compose.blocks.core.values import DimsText, ShapeText


@block(name="parameter", check=learned_shape)
class LearnedTensor(nn.Module):
    """A tensor that is learned and the same for all images, such as tokens that ask, or a temperature.

    Letters in its shape have the sizes that they have in what is wired to ``like``. ``repeat`` with
    ``l d, b ... -> b l d`` gives it to every image.

    Example:
        {shape: "4 300"}

    Args:
        like_shape: shape of ``like``.
        shape: its sizes, and letters of ``dims``.
        dims: the layout of ``like``; ``...`` is any number of dims.
        init: what it starts as: random numbers, zeros or ones.
        std: standard deviation of the random numbers.
    """

    def __init__(
        self,
        like_shape: Dims[tuple[int, ...], " n"] | None = None,
        *,
        shape: ShapeText,
        dims: DimsText = "... d",
        init: Literal["normal", "zeros", "ones"] = "normal",
        std: Annotated[float, Field(gt=0)] = 0.02,
    ) -> None:
        super().__init__()
        sizes = learned_shape(shape, dims).sizes(like_shape)
        start = {"normal": torch.randn(sizes) * std, "zeros": torch.zeros(sizes), "ones": torch.ones(sizes)}
        self.tensor = nn.Parameter(start[init])

    def forward(self, like: Shaped[Tensor, "*n"] | None = None) -> Float[Tensor, "*m"]:
        """Give it.

        Args:
            like: a tensor whose sizes letters of the shape have.

        Returns:
            The learned tensor.
        """
        return self.tensor
