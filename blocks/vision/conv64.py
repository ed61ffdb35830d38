"""Conv-64: the four-block convolutional network of few-shot learning."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from compose.blocks.core.layers.layer_options import LayerOptions

LAYERS = LayerOptions()
"""How the layers are made unless a spec says otherwise."""


class Conv64(nn.Module):
    """Blocks of 3×3 convolution, batch norm, ReLU and 2×2 max-pooling; ``block1`` ... are their outputs.

    Reference: Matching Networks (NeurIPS 2016), section 4.1.

    Args:
        in_channels: channels of the image.
        channels: channels of each block.
        pools: how many blocks pool, the first ones; all where not given. Small images keep a map so.
        layers: how their layers are made.
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        channels: Sequence[int] = (64, 64, 64, 64),
        pools: int | None = None,
        layers: LayerOptions = LAYERS,
    ) -> None:
        super().__init__()
        inputs = (in_channels, *channels)
        for index, outputs in enumerate(channels):
            convolution = nn.Conv2d(inputs[index], outputs, kernel_size=3, padding=1, bias=False)
            block = nn.Sequential(*layers.layer(convolution))
            if pools is None or index < pools:
                block.append(nn.MaxPool2d(2))
            self.add_module(f"block{index + 1}", block)

    def forward(self, image: Tensor) -> Tensor:
        """The last block's map, ``b c h w``; four pools leave a sixteenth of the image's height and width."""
        for layer in self.children():
            image = layer(image)
        return image
