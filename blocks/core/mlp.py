"""A multi-layer perceptron over the last axis."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.norms.batch_norm import BatchNorm
from compose.blocks.core.values import DropShare, Epsilon, Momentum, Positive

Between = Literal["norm", "activation", "dropout"]


@block
class Mlp(nn.Module):
    """Linear layers with an activation between each two; all axes before the last are kept.

    Example:
        {sizes: [512, 300], dropout: 0.1}

    Args:
        inputs: size of the last axis.
        sizes: size of the last axis after each linear layer.
        activation: the activation between two layers; none follows the last.
        dropout: share of the entries dropped between two layers while training.
        norm: the norm between two layers; a ``batch`` norm is over all axes but the last.
        bias: whether the linear layers have biases.
        order: what comes first of what stands between two layers.
        eps: added to the variance by the norms.
        momentum: the share of a batch in the running mean and variance of a batch norm.
    """

    def __init__(
        self,
        inputs: Dim[int, " i"],
        *,
        sizes: Annotated[list[Positive], Field(min_length=1)],
        activation: LayerActivation = "relu",
        dropout: DropShare = 0.0,
        norm: Literal["none", "layer", "batch"] = "none",
        bias: bool = True,
        order: tuple[Between, Between, Between] = ("norm", "activation", "dropout"),
        eps: Epsilon = 1e-5,
        momentum: Momentum = 0.1,
    ) -> None:
        super().__init__()
        if len(set(order)) < len(order):
            shown = ", ".join(order)
            raise BlockError(f"expected norm, activation and dropout, each once, got {shown}", parameter="order")
        layers: list[nn.Module] = []
        for size_in, size_out in pairwise([inputs, *sizes]):
            if layers:
                parts: dict[Between, list[nn.Module]] = {
                    "norm": _norm(norm, size_in, eps, momentum),
                    "activation": [activation_layer(activation)],
                    "dropout": [nn.Dropout(dropout)],
                }
                layers += [layer for part in order for layer in parts[part]]
            layers.append(nn.Linear(size_in, size_out, bias=bias))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Float[Tensor, "*n i"]) -> Float[Tensor, "*n o"]:
        """Apply the layers.

        Args:
            features: any tensor, ``... i``.

        Returns:
            The same with a last axis of another size, ``... o``.
        """
        projected: Tensor = self.layers(features)
        return projected


def _norm(kind: Literal["none", "layer", "batch"], size: int, eps: float, momentum: float) -> list[nn.Module]:
    if kind == "layer":
        return [nn.LayerNorm(size, eps=eps)]
    return [BatchNorm((size,), dims="... d", eps=eps, momentum=momentum)] if kind == "batch" else []
