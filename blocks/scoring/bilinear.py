"""The bilinear scores of LESA: a label's score is that of the attention that fits it best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import BlockError, Dim, block


class BilinearScores(NamedTuple):
    """Scores of the labels, and the features that they come from.

    Attributes:
        scores: one score for each image and label, ``b l``.
        winner: which of the image's features the score comes from, ``b l``.
        modules: the score of each feature for each label, ``b m l``; m is 1 where an image has a single feature.
    """

    scores: Float[Tensor, "b l"]
    winner: Int64[Tensor, "b l"]
    modules: Float[Tensor, "b m l"]


@block
class Bilinear(nn.Module):
    """Score a label by ⟨W₃ v, z⟩ of its vector v with the best of an image's features z.

    The label's classifier W₃ v is made from its vector, so that unseen labels have one, too. Nodes that ``share`` this
    block's weights score other features of the image by the same classifiers, such as the mean over all regions.

    Reference: LESA (CVPR 2020), section 4.2, eq. 6 and 12.

    Args:
        channels: size of a feature.
        dim: size of a label's vector.
    """

    def __init__(self, channels: Dim[int, " c"], dim: Dim[int, " d"]) -> None:
        super().__init__()
        self.classifiers = nn.Linear(dim, channels, bias=False)

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """Clusters count an image's features, as the winner does."""
        features = inputs["features"]
        if features.ndim == 2:
            return {"winner": range(1)}
        counted = range(features.shape[1])
        return {"winner": counted, "labels_clusters": counted}

    def forward(
        self,
        features: Float[Tensor, "b *m c"],
        labels_vectors: Float[Tensor, "l d"],
        labels_clusters: Int64[Tensor, " l"] | None = None,
    ) -> BilinearScores:
        """Score every label.

        Args:
            features: several features of each image, ``b m c``, or a single one, ``b c``.
            labels_vectors: vectors of the labels in use, ``l d``.
            labels_clusters: the cluster of each label, from 0 to m - 1, ``l``: with it a label's score is that of
                the feature of its cluster instead of the best one. Means nothing where there is a single feature.

        Returns:
            The scores and the winning features, both ``b l``, and the scores of all features, ``b m l``.

        Raises:
            BlockError: the features are neither.
        """
        if features.ndim not in (2, 3):
            raise BlockError(f"expected features b m c or b c, got {features.ndim} dims")
        single = features.ndim == 2
        modules = (features.unsqueeze(1) if single else features) @ self.classifiers(labels_vectors).mT  # b m l
        if single or labels_clusters is None:
            scores, winner = modules.max(dim=1)  # eq. 12
        else:
            winner = labels_clusters.expand(modules.shape[0], -1)
            scores = modules.gather(1, winner.unsqueeze(1)).squeeze(1)
        return BilinearScores(scores, winner, modules)
