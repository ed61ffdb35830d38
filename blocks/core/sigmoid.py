"""Probabilities of logits."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.full_precision import full_precision


@block
class Sigmoid(nn.Module):
    """Turn logits into probabilities, each label's for itself.

    They are what a threshold of 0.5 means as the model's scores; the loss takes the logits, from which it computes the
    same more precisely. The probabilities are in single precision at least: in a half-precision one, logits above 9
    would all be 1.
    """

    def forward(self, logits: Float[Tensor, "*n l"]) -> Float[Tensor, "*n l"]:
        """Apply the logistic function.

        Args:
            logits: one logit for each label, ``… l``.

        Returns:
            One probability for each label, ``… l``.
        """
        return full_precision(logits).sigmoid()
