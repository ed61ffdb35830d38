"""Normalisation of every channel over a batch."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import BlockError, Dims, block
from compose.blocks.core.pattern.axis import find_axis
from compose.blocks.core.values import AxisText, DimsText, Epsilon, Momentum


@block(check=find_axis)
class BatchNorm(nn.Module):
    """Bring each entry along an axis to mean 0 and variance 1 over everything else, and scale and shift it.

    While training it takes mean and variance of the batch, and keeps a running mean of both for evaluation.

    Example:
        {dims: "b c h w", axis: c, momentum: 0.01}

    Args:
        shape: shape of the features.
        dims: the layout in letters; ``...`` is any number of dims.
        axis: the letter of the axis of the channels.
        eps: added to the variance.
        momentum: the share of a batch in the running mean and variance.
        affine: whether channels are scaled and shifted by learned numbers.
    """

    def __init__(
        self,
        shape: Dims[tuple[int, ...], " n"],
        *,
        dims: DimsText = "b d ...",
        axis: AxisText = "d",
        eps: Epsilon = 1e-5,
        momentum: Momentum = 0.1,
        affine: bool = True,
    ) -> None:
        super().__init__()
        self.axis = find_axis(dims, axis)
        self.layer = nn.BatchNorm1d(self.axis.size(shape), eps=eps, momentum=momentum, affine=affine)

    def forward(self, features: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Normalise.

        Args:
            features: any tensor.

        Returns:
            One of the same shape.
        """
        last = features.movedim(self.axis.index, -1)
        if self.layer.training and last.numel() == last.shape[-1]:
            raise BlockError("expected more than one entry of each channel while training, got one")
        normalised: Tensor = self.layer(last.reshape(-1, last.shape[-1]))
        return normalised.view(last.shape).movedim(-1, self.axis.index)
