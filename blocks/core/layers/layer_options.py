"""What may be chosen of a convolutional layer inside a block: norm, activation, dropout, and what comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn

from compose.block import BlockError
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer

ConvolutionPart = Literal["conv", "norm", "activation"]
Order = tuple[ConvolutionPart, ConvolutionPart, ConvolutionPart]
USUAL: Order = ("conv", "norm", "activation")


@dataclass(frozen=True)
class LayerOptions:
    """How the convolutional layers of a block are made.

    Args:
        activation: the activation.
        slope: what a ``leaky_relu`` multiplies negative entries by.
        eps: added to the variance by the batch norm.
        momentum: the share of a batch in its running mean and variance.
        dropout: share of the entries dropped at the end while training.
        order: what comes first.

    Raises:
        BlockError: the order names a part twice.
    """

    activation: LayerActivation = "relu"
    slope: float = 0.01
    eps: float = 1e-5
    momentum: float = 0.1
    dropout: float = 0.0
    order: Order = USUAL

    def __post_init__(self) -> None:
        check_order(self.order)

    def layer(self, convolution: nn.Conv2d) -> list[nn.Module]:
        """A convolution with all that belongs to it, in order."""
        behind = self.order.index("norm") > self.order.index("conv")
        channels = convolution.out_channels if behind else convolution.in_channels
        parts: dict[ConvolutionPart, nn.Module] = {
            "conv": convolution,
            "norm": self.norm(channels),
            "activation": self.function(inplace=self.order[0] != "activation"),
        }
        dropped = [nn.Dropout(self.dropout)] if self.dropout else []
        return [*(parts[part] for part in self.order if not isinstance(parts[part], nn.Identity)), *dropped]

    def norm(self, channels: int) -> nn.BatchNorm2d:
        """The batch norm of a map."""
        return nn.BatchNorm2d(channels, eps=self.eps, momentum=self.momentum)

    def function(self, *, inplace: bool = True) -> nn.Module:
        """The activation; in place where it can be, which spares a map."""
        made = activation_layer(self.activation, slope=self.slope)
        if isinstance(made, nn.ReLU | nn.LeakyReLU):
            made.inplace = inplace
        return made


def check_order(order: Order) -> None:
    """Refuse an order that names a part twice.

    Raises:
        BlockError: it does.
    """
    if len(set(order)) < len(order):
        raise BlockError(f"expected conv, norm and activation, each once, got {', '.join(order)}", parameter="order")


def set_batch_norms(network: nn.Module, *, eps: float | None, momentum: float | None) -> int:
    """Set what all batch norms of a network add to the variance, and how fast their running means follow.

    Args:
        network: any module.
        eps: added to the variance; None for what each has.
        momentum: the share of a batch in the running mean and variance; None for what each has.

    Returns:
        How many there are.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.eps = norm.eps if eps is None else eps
        norm.momentum = norm.momentum if momentum is None else momentum
    return len(norms)
