"""Conv-64: the four-block convolutional network of few-shot learning."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn


class Conv64(nn.Module):
    """Blocks of 3×3 convolution, batch norm, ReLU and 2×2 max-pooling; ``block1`` ... are their outputs.

    Source: Matching Networks (NeurIPS 2016), section 4.1.

    Args:
        in_channels: channels of the image.
        channels: channels of each block.
    """

    def __init__(self, in_channels: int = 3, *, channels: Sequence[int] = (64, 64, 64, 64)) -> None:
        super().__init__()
        inputs = (in_channels, *channels)
        for index, outputs in enumerate(channels):
            self.add_module(f"block{index + 1}", _block(inputs[index], outputs))

    def forward(self, image: Tensor) -> Tensor:
        """The last block's map, ``b c h w`` with h and w a sixteenth of the image's ``b c h w``."""
        for layer in self.children():
            image = layer(image)
        return image


def _block(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2))
