"""The classifier whose output matrix is the labels' word vectors."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class FixedClassifier(nn.Module):
    """Score each base label by the inner product of its word vector with an example's feature.

    The output matrix W_base is not learned, so that training brings the features into the space of the word vectors,
    where labels that are never trained have a place, too. The block has no weights; the sigmoid is the loss's.

    Reference: DESIRE-Net, section 3.2.1, eq. 3.
    """

    def forward(self, features: Float[Tensor, "*b d"], labels_base: Float[Tensor, "m d"]) -> Float[Tensor, "*b m"]:
        """Score the base labels.

        Args:
            features: one feature for each example, as long as a word vector, ``... d``.
            labels_base: vectors of the base labels, ``m d``.

        Returns:
            One logit for each example and base label, ``... m``.
        """
        return features @ labels_base.mT
