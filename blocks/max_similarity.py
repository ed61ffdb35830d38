"""Score labels by the most similar of an image's semantic vectors."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class MaxSimilarity(nn.Module):
    """Score a label by the largest inner product of its vector with the image's semantic vectors.

    One vector that fits is enough for a label, so the vectors are free to mean different things.

    Source: (ML)²P-Encoder (CVPR 2023), section 3.4, eq. 8.
    """

    def forward(self, semantics: Float[Tensor, "b m d"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "b l"]:
        """Score every label.

        Args:
            semantics: semantic vectors of the images, ``b m d``.
            labels_vectors: vectors of the labels in use, ``l d``.

        Returns:
            One score for each image and label, ``b l``.
        """
        similarity = semantics @ labels_vectors.mT  # b m l
        return similarity.max(dim=1).values
