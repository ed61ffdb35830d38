"""A convolution of maps, with norm and activation."""

from __future__ import annotations

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.any_rank import with_leading
from compose.blocks.core.layers.layer_options import USUAL, ConvolutionPart, Order, check_order
from compose.blocks.core.layers.norm_layer import NormKind, norm_layer
from compose.blocks.core.layers.one_size import one_size
from compose.blocks.core.pattern.map_size import pair
from compose.blocks.core.pattern.side import shape_text
from compose.blocks.core.values import DropShare, Epsilon, Momentum, Padding, Places, Positive


@block
class Convolution(nn.Module):
    """Convolve a map, by default with batch norm and ReLU behind, and keep its height and width unless it strides.

    A kernel of even size sees one place more to the right and below than to the left and above; with 2×2 places it is
    what LESA learns on top of a frozen backbone (section 5.1).

    Example:
        {channels: 512, kernel: 2}

    Args:
        in_channels: channels of the map.
        wanted: last size of ``like``.
        channels: channels of the result, where ``like`` is not wired.
        kernel: height and width of the places that a result sees.
        stride: how far apart they are.
        padding: zeros around the map; null for as many as keep its height and width where the stride is 1.
        dilation: how far apart the places are that one result sees.
        groups: number of groups of channels that are convolved by themselves; as many as channels for a depthwise one.
        bias: whether a bias is added; null for one where no norm is behind it.
        norm: the norm; ``group`` has ``norm_groups`` groups.
        norm_groups: see there.
        eps: added to the variance by the norm.
        momentum: the share of a batch in the running mean and variance of a batch norm.
        activation: the activation.
        dropout: share of the entries dropped at the end while training.
        order: what comes first; a part that there is not is passed over.
    """

    def __init__(
        self,
        in_channels: Dim[int, " i"],
        wanted: Dim[int, " o"] | None = None,
        *,
        channels: Positive | None = None,
        kernel: Places = 3,
        stride: Places = 1,
        padding: Padding | None = None,
        dilation: Places = 1,
        groups: Positive = 1,
        bias: bool | None = None,
        norm: NormKind = "batch",
        norm_groups: Positive = 8,
        eps: Epsilon = 1e-5,
        momentum: Momentum = 0.1,
        activation: LayerActivation = "relu",
        dropout: DropShare = 0.0,
        order: Order = USUAL,
    ) -> None:
        super().__init__()
        channels = one_size(channels, wanted, parameter="channels")
        self.least = _least(kernel, padding, dilation)
        _check(order, groups, in_channels, channels)
        behind = order.index("norm") > order.index("conv")
        if bias is None:
            bias = norm == "none" or not behind
        normed = channels if behind else in_channels
        parts: dict[ConvolutionPart, list[nn.Module]] = {
            "conv": _convolution(in_channels, channels, kernel, stride, padding, dilation, groups=groups, bias=bias),
            "norm": [norm_layer(norm, normed, eps=eps, momentum=momentum, groups=norm_groups)],
            "activation": [activation_layer(activation)],
        }
        layers = [layer for part in order for layer in parts[part]] + [nn.Dropout(dropout)]
        self.layers = nn.Sequential(*(layer for layer in layers if not _does_nothing(layer)))

    def forward(
        self, maps: Float[Tensor, "*n i h w"], like: Shaped[Tensor, "*k o"] | None = None
    ) -> Float[Tensor, "*n c y x"]:
        """Convolve.

        Args:
            maps: the map, ``... i h w``.
            like: a tensor ``... o``, such as the labels' vectors; only its last size counts, and is the number of
                channels.

        Returns:
            A map of the same size unless it strides, ``... c y x``.
        """
        if any(side < least for side, least in zip(maps.shape[-2:], self.least, strict=True)):
            shown = f"{shape_text(maps.shape[-2:])}, {shape_text(self.least)} at least"
            raise BlockError(f"the kernel does not fit a map of {shown}", parameter="kernel")
        return with_leading(self.layers, maps, own=3)


def _check(order: Order, groups: int, in_channels: int, channels: int) -> None:
    check_order(order)
    if in_channels % groups or channels % groups:
        message = f"expected a number that divides {in_channels} channels, and {channels} afterwards, got {groups}"
        raise BlockError(message, parameter="groups")


def _least(kernel: Places, padding: Padding | None, dilation: Places) -> tuple[int, int]:
    """Height and width of the smallest map that the kernel fits."""
    covered = [apart * (size - 1) + 1 for apart, size in zip(pair(dilation), pair(kernel), strict=True)]
    above, left = pair(padding or 0)
    return (1, 1) if padding is None else (max(1, covered[0] - 2 * above), max(1, covered[1] - 2 * left))


def _convolution(
    in_channels: int,
    channels: int,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int],
    padding: int | tuple[int, int] | None,
    dilation: int | tuple[int, int],
    *,
    groups: int,
    bias: bool,
) -> list[nn.Module]:
    """The convolution; before it zeros to the right and below, where an even kernel needs them."""
    spread = [apart * (size - 1) for apart, size in zip(pair(dilation), pair(kernel), strict=True)]
    before = (spread[0] // 2, spread[1] // 2) if padding is None else pair(padding)
    layer = nn.Conv2d(
        in_channels, channels, kernel, stride, padding=before, dilation=dilation, groups=groups, bias=bias
    )
    odd = [total % 2 if padding is None else 0 for total in spread]
    return [nn.ZeroPad2d((0, odd[1], 0, odd[0])), layer] if any(odd) else [layer]


def _does_nothing(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Identity) or (isinstance(layer, nn.Dropout) and layer.p == 0)
