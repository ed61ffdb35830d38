"""The loss of Semantic Diversity Learning (SDL), the only released ancestor of the (ML)²P-Encoder's."""

from __future__ import annotations

from typing import Annotated

from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.losses.ranknet import RankNet
from compose.blocks.losses.variance import Variance


@loss(name="sdl")
class SemanticDiversity(nn.Module):
    """Rank an image's present labels above all others, and keep its semantic vectors close to one another.

    The sum of log(1 + exp(s⁻ - s⁺)) over an image's pairs, divided by the number of its *present* labels and weighted
    by one plus the variance across their vectors; beside it the variance across the semantic vectors. A label that is
    not known to be present is absent here. An image without a present label is only regularised.

    Reference: Semantic Diversity Learning for Zero-Shot Multi-label Classification (ICCV 2021), released code.

    Args:
        regulariser: the share of the variance, λ, beside 1 - λ of the ranking, both then doubled; null leaves the
            ranking alone, undoubled.
    """

    def __init__(self, *, regulariser: Annotated[float, Field(ge=0, le=1)] | None = 0.4) -> None:
        super().__init__()
        self.regulariser = regulariser
        self.rank = RankNet(reduction="positives", unknown="absent")
        self.spread = Variance()

    def forward(
        self,
        scores: Float[Tensor, "b l"],
        semantics: Float[Tensor, "b m d"],
        targets: Int8[Tensor, "b l"],
        labels_vectors: Float[Tensor, "l d"],
    ) -> Float[Tensor, ""]:
        """Compare the scores, and measure the spread of the vectors.

        Args:
            scores: scores of the labels, the best of the image's vectors for each, ``b l``.
            semantics: semantic vectors of the images, ``b m d``.
            targets: 1 = present; all others are absent, ``b l``.
            labels_vectors: vectors of the labels, ``l d``; they only set the difficulty and get no gradient.

        Returns:
            The loss, a scalar.
        """
        loss: Tensor = self.rank(scores, targets, labels_vectors)
        if self.regulariser is not None:
            loss = 2 * ((1 - self.regulariser) * loss + self.regulariser * self.spread(semantics))
        return loss
