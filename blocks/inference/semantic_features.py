"""Features in the space of the labels' word vectors."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.mlp import Mlp


@block
class SemanticFeatures(nn.Module):
    """Map an example to a feature as long as a label's word vector, by fully connected layers.

    DESIRE-Net's feature extractor F: trained under a classifier whose output matrix is the labels' word vectors, it
    puts an example near the labels that it carries. Of the vectors it looks at their length alone.

    Reference: DESIRE-Net, section 3.2.1 and appendix A.1.

    Example:
        {hidden: [512, 512]}

    Args:
        inputs: size of an example.
        dim: size of a label's vector.
        hidden: widths of the hidden layers; two of them make the paper's three layers.
        dropout: share of the entries dropped after each hidden layer while training.
        activation: the activation of the hidden layers.
    """

    def __init__(
        self,
        inputs: Dim[int, " i"],
        dim: Dim[int, " d"],
        *,
        hidden: list[Annotated[int, Field(gt=0)]],
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        activation: LayerActivation = "relu",
    ) -> None:
        super().__init__()
        self.layers = Mlp(inputs, sizes=[*hidden, dim], dropout=dropout, activation=activation)

    def forward(self, features: Float[Tensor, "b i"], labels_base: Float[Tensor, "m d"]) -> Float[Tensor, "b d"]:
        """Apply the layers.

        Args:
            features: the examples, ``b i``.
            labels_base: vectors of the base labels, ``m d``.

        Returns:
            One feature for each example, ``b d``.
        """
        mapped: Tensor = self.layers(features)
        return mapped
