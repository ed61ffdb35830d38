"""A linear layer into the space of the label vectors."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block


@block
class LabelProjection(nn.Module):
    """Map the last axis linearly to the size of a label vector; all axes before it are kept.

    Args:
        inputs: size of the last axis.
        dim: size of a label vector.
    """

    def __init__(self, inputs: Dim[int, " i"], dim: Dim[int, " d"]) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, dim)

    def forward(self, features: Float[Tensor, "*n i"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "*n d"]:
        """Apply the layer.

        Args:
            features: any tensor, ``... i``.
            labels_vectors: vectors of the labels, ``l d``; only their size is used.

        Returns:
            The same with a last axis as long as a label vector, ``... d``.
        """
        projected: Tensor = self.layer(features)
        return projected
