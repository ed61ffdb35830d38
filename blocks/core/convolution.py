"""A convolution that keeps the map's size."""

from __future__ import annotations

from typing import Annotated, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block


@block
class Convolution(nn.Module):
    """Convolve a map and keep its height and width, with batch norm and an activation behind.

    With 2×2 places it is what LESA learns on top of a frozen backbone.

    Reference: LESA (CVPR 2020), section 5.1.

    Example:
        {channels: 512, kernel: 2}

    Args:
        in_channels: channels of the map.
        channels: channels of the result.
        kernel: height and width of the places that a result sees; an even one sees one place more to the right and
            below than to the left and above.
        norm: whether a batch norm follows; the convolution then has no bias.
        activation: the activation behind it.
    """

    def __init__(
        self,
        in_channels: Dim[int, " i"],
        *,
        channels: Annotated[int, Field(gt=0)],
        kernel: Annotated[int, Field(gt=0)] = 3,
        norm: bool = True,
        activation: Literal["relu", "none"] = "relu",
    ) -> None:
        super().__init__()
        before = (kernel - 1) // 2
        self.layers = nn.Sequential()
        if kernel % 2 == 0:
            self.layers.append(nn.ZeroPad2d((0, 1, 0, 1)))
        self.layers.append(nn.Conv2d(in_channels, channels, kernel, padding=before, bias=not norm))
        if norm:
            self.layers.append(nn.BatchNorm2d(channels))
        if activation == "relu":
            self.layers.append(nn.ReLU())

    def forward(self, maps: Float[Tensor, "b i h w"]) -> Float[Tensor, "b c h w"]:
        """Convolve.

        Args:
            maps: the map, ``b i h w``.

        Returns:
            A map of the same size, ``b c h w``.
        """
        convolved: Tensor = self.layers(maps)
        return convolved
