"""Squared error of scores that say from 0 to 1 whether a label is present."""

from __future__ import annotations

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class TargetMse(nn.Module):
    """Teach scores to be 1 for present labels and 0 for absent ones: the mean squared error over the known targets.

    Reference: Relation Network (CVPR 2018), section 3.2, eq. 2.

    Deviates: the text takes the sum; unknown targets are left out here.
    """

    def forward(self, scores: Float[Tensor, "*b l"], targets: Int8[Tensor, "*b l"]) -> Float[Tensor, ""]:
        """Compare scores with targets.

        Args:
            scores: scores of the labels, ``... l``; those of episodes ``e q n``.
            targets: 1 = present, -1 = absent, 0 = unknown (left out), ``... l``.

        Returns:
            The loss, a scalar; 0 where every target is unknown.
        """
        scores = full_precision(scores)
        errors = (scores - targets.gt(0).to(scores.dtype)).square().masked_fill(targets == 0, 0)
        return errors.sum() / targets.ne(0).sum().clamp(min=1)
