"""Feature-level inference of DESIRE-Net: novel labels by their nearness to the feature itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.mlp import Mlp
from compose.blocks.core.unit_length import unit_length


@block
class FeatureInference(nn.Module):
    """Score a novel label by the inner product of its word vector with a transformed feature of unit length.

    Features that were trained to lie near the word vectors of their labels lie near those of related ones, too; the
    network W_Z is what a task adapts. The weights depend neither on the number of labels nor on that of examples.

    Reference: DESIRE-Net, section 3.2.2, eq. 5.

    Args:
        inputs: size of a feature.
        dim: size of a label's vector.
        hidden: widths of the hidden layers of W_Z; by default one of ``dim``, and W_Z is linear where it is empty.
        dropout: share of the entries dropped after each hidden layer while training.
        activation: the activation of the hidden layers.
        normalise: whether W_Z(z) is divided by its L2 norm.
    """

    def __init__(
        self,
        inputs: Dim[int, " f"],
        dim: Dim[int, " d"],
        *,
        hidden: list[Annotated[int, Field(gt=0)]] | None = None,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        activation: LayerActivation = "relu",
        normalise: bool = True,
    ) -> None:
        super().__init__()
        widths = [dim] if hidden is None else hidden
        self.transform = Mlp(inputs, sizes=[*widths, dim], dropout=dropout, activation=activation)
        self.scale: Callable[[Tensor], Tensor] = unit_length if normalise else nn.Identity()

    def forward(self, features: Float[Tensor, "b f"], labels_novel: Float[Tensor, "l d"]) -> Float[Tensor, "b l"]:
        """Score the novel labels.

        Args:
            features: one feature for each example, ``b f``.
            labels_novel: vectors of the labels of the task, ``l d``.

        Returns:
            One score for each example and novel label, ``b l``.
        """
        return self.scale(self.transform(features)) @ labels_novel.mT  # eq. 5
