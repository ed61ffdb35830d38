"""The variance regulariser of the (ML)²P-Encoder."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Variance(nn.Module):
    """Keep the semantic vectors of an image from drifting too far apart.

    For every image the unbiased variance across its vectors, summed over the components; the mean over the images.
    A single vector has no variance.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.4, eq. 11.
    """

    def forward(self, semantics: Float[Tensor, "b m d"]) -> Float[Tensor, ""]:
        """Measure the spread.

        Args:
            semantics: semantic vectors of the images, ``b m d``.

        Returns:
            The loss, a scalar.
        """
        correction = min(1, semantics.shape[1] - 1)  # unbiased where there is more than one vector
        return full_precision(semantics).var(dim=1, correction=correction).sum(-1).mean()
