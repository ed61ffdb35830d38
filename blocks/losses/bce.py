"""Binary cross-entropy over the known targets."""

from __future__ import annotations

from typing import Annotated, ClassVar

from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class Bce(nn.Module):
    """Binary cross-entropy of the scores as logits: the mean over all known targets of the batch.

    Args:
        positive_weight: weight of a present label against an absent one.
    """

    takes_logits: ClassVar[bool] = True

    def __init__(self, *, positive_weight: Annotated[float, Field(gt=0)] = 1.0) -> None:
        super().__init__()
        self.positive_weight = positive_weight

    def forward(self, scores: Float[Tensor, "*b l"], targets: Int8[Tensor, "*b l"]) -> Float[Tensor, ""]:
        """Compare scores with targets.

        Args:
            scores: logits, ``... l``; those of episodes ``e q n``.
            targets: 1 = present, -1 = absent, 0 = unknown (left out), ``... l``.

        Returns:
            The loss, a scalar; 0 where nothing is known.
        """
        scores = full_precision(scores)
        sign = targets.to(scores.dtype)
        weight = (sign < 0) + self.positive_weight * (sign > 0)
        known = targets.ne(0).sum().clamp(min=1)
        return -(weight * F.logsigmoid(sign * scores)).sum() / known
