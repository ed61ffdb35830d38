"""Squared error of probabilities."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class ProbabilityMse(nn.Module):
    """Teach nodes the probabilities that a classifier gives their classes: the mean squared error.

    It treats external nodes like labels, with the classifier's distribution in place of targets.

    Reference: RGCN-PosVAE (BMVC 2020), section 4.1 (RGCN-XL).
    """

    def forward(self, scores: Float[Tensor, "*b x"], posterior: Float[Tensor, "*b x"]) -> Float[Tensor, ""]:
        """Compare scores with probabilities.

        Args:
            scores: logits of the nodes, ``... x``.
            posterior: probabilities of the nodes' classes, ``... x``; they get no gradient.

        Returns:
            The loss, a scalar.
        """
        error = full_precision(scores).sigmoid() - full_precision(posterior).detach()
        return error.square().mean()
