"""Bilinear scores where every label has a feature of its own."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block


@block
class LabelBilinear(nn.Module):
    """Score a label by ⟨W₃ v, z⟩ of its vector v with its own feature z of the image.

    Behind ``bilinear_attention`` it is the model with one attention for each label that LESA compares with.

    Reference: LESA (CVPR 2020), section 4.1, eq. 2 and 12.

    Args:
        channels: size of a feature.
        dim: size of a label's vector.
    """

    def __init__(self, channels: Dim[int, " c"], dim: Dim[int, " d"]) -> None:
        super().__init__()
        self.classifiers = nn.Linear(dim, channels, bias=False)

    def forward(self, features: Float[Tensor, "*b l c"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "*b l"]:
        """Score every label.

        Args:
            features: one feature for each image and label, ``... l c``.
            labels_vectors: vectors of the labels in use, ``l d``.

        Returns:
            One score for each image and label, ``... l``.
        """
        return torch.einsum("...lc,lc->...l", features, self.classifiers(labels_vectors))
