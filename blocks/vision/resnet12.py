"""ResNet-12: the residual network of few-shot learning."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from compose.blocks.core.layers.layer_options import LayerOptions

LAYERS = LayerOptions(activation="leaky_relu", slope=0.1)
"""How the layers are made unless a spec says otherwise."""


class ResNet12(nn.Module):
    """Four residual layers of three 3×3 convolutions and 2×2 max-pooling; ``layer1`` ... are their outputs.

    Reference: TADAM (NeurIPS 2018), section 4; widths of MetaOptNet (CVPR 2019), section 4.1.

    Args:
        in_channels: channels of the image.
        channels: channels of each layer.
        layers: how the convolutions are made.
    """

    def __init__(
        self,
        in_channels: int = 3,
        *,
        channels: Sequence[int] = (64, 160, 320, 640),
        layers: LayerOptions = LAYERS,
    ) -> None:
        super().__init__()
        inputs = (in_channels, *channels)
        for index, outputs in enumerate(channels):
            self.add_module(f"layer{index + 1}", ResidualLayer(inputs[index], outputs, layers=layers))

    def forward(self, image: Tensor) -> Tensor:
        """The last layer's map, ``b c h w`` with h and w a sixteenth of the image's ``b c h w``."""
        for layer in self.children():
            image = layer(image)
        return image


class ResidualLayer(nn.Module):
    """Three 3×3 convolutions beside a 1×1 shortcut, then 2×2 max-pooling.

    Args:
        inputs: channels that come in.
        outputs: channels that go out.
        layers: how the convolutions are made; what is dropped is dropped behind the pooling.
    """

    def __init__(self, inputs: int, outputs: int, *, layers: LayerOptions = LAYERS) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(inputs, outputs, 3, layers),
            layers.function(),
            *_convolution(outputs, outputs, 3, layers),
            layers.function(),
            *_convolution(outputs, outputs, 3, layers),
        )
        self.shortcut = nn.Sequential(*_convolution(inputs, outputs, 1, layers))
        self.activation = layers.function()
        self.pool = nn.Sequential(nn.MaxPool2d(2), nn.Dropout(layers.dropout))

    def forward(self, x: Tensor) -> Tensor:
        """``b c h w`` -> ``b c h/2 w/2``."""
        pooled: Tensor = self.pool(self.activation(self.body(x) + self.shortcut(x)))
        return pooled


def _convolution(inputs: int, outputs: int, kernel: int, layers: LayerOptions) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False), layers.norm(outputs)
