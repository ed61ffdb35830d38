"""First states of the label nodes: an image seen in the light of every label's vector."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.core.values import Slope


@block
class NodeInit(nn.Module):
    """Make a node state of each image and label: an MLP of the image's feature and the label's vector, concatenated.

    The weights know no label, so that unseen labels get states like seen ones.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.2.

    Args:
        inputs: size of a feature.
        dim: size of a label's vector.
        hidden: width of the hidden layer.
        size: size of a node state.
        activation: the activation of the hidden layer.
        slope: what a ``leaky_relu`` multiplies negative entries by; the released code has 0.1.
    """

    def __init__(
        self,
        inputs: Dim[int, " f"],
        dim: Dim[int, " d"],
        *,
        hidden: Annotated[int, Field(gt=0)] = 256,
        size: Annotated[int, Field(gt=0)] = 256,
        activation: LayerActivation = "relu",
        slope: Slope = 0.01,
    ) -> None:
        super().__init__()
        self.hidden = SplitLinear(inputs, dim, hidden)
        self.activation = activation_layer(activation, slope=slope)
        self.state = nn.Linear(hidden, size)

    def forward(
        self, features: Float[Tensor, "b *l f"], labels_vectors: Float[Tensor, "l d"]
    ) -> Float[Tensor, "b l o"]:
        """Make the states.

        Args:
            features: one feature of the image for all labels, ``b f``, or one for each label, ``b l f``.
            labels_vectors: vectors of the labels in use, ``l d``.

        Returns:
            The nodes' states, ``b l o``.

        Raises:
            BlockError: the features are neither.
        """
        if features.ndim not in (2, 3):
            raise BlockError(f"expected features b f or b l f, got {features.ndim} dims")
        image, label = self.hidden(features, labels_vectors)
        if features.ndim == 2:
            image = image.unsqueeze(1)  # the same for all labels
        states: Tensor = self.state(self.activation(image + label))
        return states
