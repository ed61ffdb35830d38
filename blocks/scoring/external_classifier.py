"""A classifier of the external source's classes."""

from __future__ import annotations

from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import Dim, block


@block
class ExternalClassifier(nn.Module):
    """Score the classes of the external source by a linear layer, where no classifier of them is at hand to load.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.2.

    Deviates: the paper's classifier comes trained on ImageNet; this one is trained on the external source's pictures.

    Args:
        inputs: size of a feature.
        classes: number of classes of the external source.
    """

    def __init__(self, inputs: Dim[int, " c"], classes: Dim[int, " k"]) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, classes)

    def forward(self, features: Float[Tensor, "b c"], external_classes: Int64[Tensor, " k"]) -> Float[Tensor, "b k"]:
        """Score the classes.

        Args:
            features: features of the images, ``b c``.
            external_classes: the classes' places among the external nodes, ``k``; only their number counts.

        Returns:
            One logit for each class, ``b k``.
        """
        logits: Tensor = self.layer(features)
        return logits
