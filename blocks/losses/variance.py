"""The variance regulariser of the (ML)²P-Encoder."""

from __future__ import annotations

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Variance(nn.Module):
    """Keep the semantic vectors of an image from drifting too far apart.

    For every image the unbiased variance across its vectors, summed over the components; the mean over the images.
    A single vector has no variance. Eq. 11 can also be read as the variance within each vector, over its components,
    summed over the vectors: that is zero where a vector's components are all alike, holds vectors short, and leaves
    open how far they are from one another.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.4, eq. 11.

    Deviates: by default the variance is across the vectors, as the sentence before eq. 11 and the released code of SDL
    have it; by its index it is within the n-th vector.

    Args:
        across: ``vectors`` measures, for each component, how the vectors of an image differ; ``components`` how the
            components of each vector differ.
        reduction: ``sum`` adds up what is measured, as the text has it; ``mean`` divides by how many variances there
            are, so that the loss does not grow with the size (``vectors``) or the number (``components``) of vectors.
    """

    def __init__(
        self,
        *,
        across: Literal["vectors", "components"] = "vectors",
        reduction: Literal["sum", "mean"] = "sum",
    ) -> None:
        super().__init__()
        self.axis = {"vectors": 1, "components": 2}[across]
        self.reduction = reduction

    def forward(self, semantics: Float[Tensor, "b m d"]) -> Float[Tensor, ""]:
        """Measure the spread.

        Args:
            semantics: semantic vectors of the images, ``b m d``.

        Returns:
            The loss, a scalar.
        """
        correction = min(1, semantics.shape[self.axis] - 1)  # unbiased where there is more than one
        spread = full_precision(semantics).var(dim=self.axis, correction=correction)  # b d, or b m
        return spread.mean() if self.reduction == "mean" else spread.sum(-1).mean()
