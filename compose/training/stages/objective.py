"""A stage's loss as a module: what Fabric wraps for mixed precision and many processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from compose.training.stages.stage import Work


class Objective(nn.Module):
    """The weighted sum of a stage's losses.

    Args:
        model: the model to train.
        work: computes the loss terms of a batch.
    """

    def __init__(self, model: nn.Module, work: Work) -> None:
        super().__init__()
        self.model = model
        self._work = work
        self.names = ("loss", *work.weights)

    def forward(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The loss, and a detached vector of what ``names`` names: the loss, then its unweighted terms."""
        terms = self._work.terms(self.model, batch)
        weighted = [weight * terms[name].float() for name, weight in self._work.weights.items()]
        loss = torch.stack(weighted).sum()
        return loss, torch.stack([loss, *(terms[name].float() for name in self._work.weights)]).detach()
