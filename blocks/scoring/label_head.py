"""The logit of every label from its node."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.values import DropShare, Slope


@block
class LabelHead(nn.Module):
    """Score each label by an MLP of its node's state, the same one for all labels.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.4, eq. 8.

    Args:
        size: size of a node state.
        hidden: width of the hidden layer; null for a linear layer alone.
        activation: the activation of the hidden layer.
        slope: what a ``leaky_relu`` multiplies negative entries by; the released code has 0.1.
        dropout: share of the hidden layer's entries dropped while training.
    """

    def __init__(
        self,
        size: Dim[int, " h"],
        *,
        hidden: Annotated[int, Field(gt=0)] | None = 256,
        activation: LayerActivation = "relu",
        slope: Slope = 0.01,
        dropout: DropShare = 0.0,
    ) -> None:
        super().__init__()
        before: list[nn.Module] = []
        if hidden is not None:
            before = [nn.Linear(size, hidden), activation_layer(activation, slope=slope)]
            before += [nn.Dropout(dropout)] if dropout else []
        self.layers = nn.Sequential(*before, nn.Linear(hidden or size, 1))

    def forward(self, nodes: Float[Tensor, "*b l h"]) -> Float[Tensor, "*b l"]:
        """Score the labels.

        Args:
            nodes: the labels' nodes, ``... l h``.

        Returns:
            One logit for each image and label, ``... l``.
        """
        logits: Tensor = self.layers(nodes)
        return logits.squeeze(-1)
