"""A weighted sum of several scores of the same labels."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import BlockError, Dims, block


@block
class GatedSum(nn.Module):
    """Add up several scores of the same labels, each times a factor γ that is learned and starts at 1.

    DESIRE-Net learns the factors over all tasks and does not adapt them to one. They depend on how many scores are
    added, not on the number of labels or of examples.

    Reference: DESIRE-Net, section 3.2.2, the sum after eq. 10.

    Args:
        labels: number of labels that each term scores, one number for each term.
    """

    def __init__(self, labels: Dims[tuple[int, ...], " l"]) -> None:
        super().__init__()
        if len(set(labels)) > 1:
            raise BlockError(f"expected scores of the same labels, got {', '.join(map(str, labels))} labels")
        self.factors = nn.Parameter(torch.ones(len(labels)))

    def forward(self, scores: list[Float[Tensor, "*b ?l"]]) -> Float[Tensor, "*b l"]:
        """Add them up.

        Args:
            scores: the terms, each ``... l``; those of episodes ``e q n``.

        Returns:
            One score for each example and label, ``... l``.
        """
        return (torch.stack(scores, dim=-1) * self.factors).sum(dim=-1)
