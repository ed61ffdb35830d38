"""Normalisation of every vector by itself."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from compose.block import Dims, block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.values import AxisText, DimsText, Epsilon


@block(check=find_axis)
class LayerNorm(nn.Module):
    """Bring each vector along an axis to mean 0 and variance 1, and scale and shift its entries by learned numbers.

    Example:
        {dims: "b c h w", axis: c, eps: 1e-6}

    Args:
        shape: shape of the features.
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis that the vectors lie along.
        eps: added to the variance.
        affine: whether entries are scaled and shifted by learned numbers; without them it serves vectors of any length,
            such as the scores of all labels.
    """

    def __init__(
        self,
        shape: Dims[tuple[int, ...], " n"],
        *,
        dims: DimsText = "... d",
        axis: AxisText = "d",
        eps: Epsilon = 1e-5,
        affine: bool = True,
    ) -> None:
        super().__init__()
        self.axis = find_axis(dims, axis)
        self.layer = nn.LayerNorm(self.axis.size(shape), eps=eps, elementwise_affine=affine)

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Normalise.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        last, layer = features.movedim(self.axis.index, -1), self.layer
        normalised = functional.layer_norm(last, last.shape[-1:], layer.weight, layer.bias, layer.eps)
        return normalised.movedim(-1, self.axis.index)
