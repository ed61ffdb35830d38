"""Score labels by the most similar of an image's semantic vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import block


class SimilarityScores(NamedTuple):
    """Scores of the labels, and the vectors that they come from.

    Attributes:
        scores: one score for each image and label, ``... l``.
        winner: which of the image's semantic vectors the score comes from, ``... l``.
    """

    scores: Float[Tensor, "*b l"]
    winner: Int64[Tensor, "*b l"]


@block
class MaxSimilarity(nn.Module):
    """Score a label by the largest inner product of its vector with the image's semantic vectors.

    One vector that fits is enough for a label, so the vectors are free to mean different things.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.4, eq. 8.
    """

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The winner counts an image's semantic vectors."""
        return {"winner": range(inputs["semantics"].shape[-2])}

    def forward(self, semantics: Float[Tensor, "*b m d"], labels_vectors: Float[Tensor, "l d"]) -> SimilarityScores:
        """Score every label.

        Args:
            semantics: semantic vectors of the images, ``... m d``.
            labels_vectors: vectors of the labels in use, ``l d``.

        Returns:
            The scores and the winning vectors, both ``... l``.
        """
        similarity = semantics @ labels_vectors.mT  # ... m l
        return SimilarityScores(*similarity.max(dim=-2))
