"""LEO's relation network: what the support of a task says of each of its labels."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.mlp import Mlp
from compose.blocks.core.split_linear import SplitLinear


@block
class SupportRelation(nn.Module):
    """Describe each label of a task by the examples that carry it, each related to all examples of the support.

    A network looks at every pair of examples; a label has the mean over the pairs whose first example carries it.
    Linear layers behind give the mean and the spread of its code.

    Reference: Meta-Learning with Latent Embedding Optimization (LEO, ICLR 2019).

    Deviates: LEO's examples have one class each; here one that carries several labels counts for each, and examples
    whose targets are all unknown, which fill up a support, are in no pair. The network's last layer is left to the
    spec: it is linear, so that it may as well follow the mean.

    Args:
        inputs: size of an example's feature.
        hidden: widths of the network's layers.
        activation: the activation behind each of them.
    """

    def __init__(
        self,
        inputs: Dim[int, " d"],
        *,
        hidden: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)],
        activation: LayerActivation = "relu",
    ) -> None:
        super().__init__()
        first, *others = hidden
        self.pairs = SplitLinear(inputs, inputs, first)
        self.activation = activation_layer(activation)
        self.others = Mlp(first, sizes=others, activation=activation) if others else None

    def forward(self, features: Float[Tensor, "b d"], novel_targets: Int8[Tensor, "b n"]) -> Float[Tensor, "n k"]:
        """Describe the labels of a task.

        Args:
            features: one for each example of the support, ``b d``.
            novel_targets: 1 = present, -1 = absent, 0 = unknown, for the labels of the task, ``b n``.

        Returns:
            One vector for each label, ``n k``; zeros for one that no example carries.
        """
        first, second = self.pairs(features, features)
        related = self.activation(first[:, None] + second)  # b b k
        if self.others is not None:
            related = self.activation(self.others(related))
        known = novel_targets.ne(0).any(1).to(related.dtype)  # b
        of_example = torch.einsum("b j k, j -> b k", related, known) / known.sum().clamp(min=1)
        carried = novel_targets.gt(0).to(related.dtype)  # b n
        return (carried / carried.sum(0).clamp(min=1)).mT @ of_example  # eq. 4
