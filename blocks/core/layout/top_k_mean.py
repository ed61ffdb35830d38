"""The mean of the largest entries."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import BlockError, block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.values import AxisText, DimsText, Positive


@block(check=find_axis)
class TopKMean(nn.Module):
    """Take the mean of the k largest entries along an axis: between the maximum and the mean.

    Example:
        {k: 3, dims: "b m l", axis: m}

    Args:
        k: how many entries.
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis, which is not in the result.
    """

    def __init__(self, *, k: Positive, dims: DimsText = "... d", axis: AxisText = "d") -> None:
        super().__init__()
        self.axis, self.k = find_axis(dims, axis), k

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*m"]:
        """Pool.

        Args:
            features: any tensor.

        Returns:
            The means, without the axis.
        """
        size = self.axis.size(features.shape)
        if size < self.k:
            raise BlockError(f"expected {size} at most, as many as the axis has entries, got {self.k}", parameter="k")
        return features.topk(self.k, dim=self.axis.index).values.mean(self.axis.index)
