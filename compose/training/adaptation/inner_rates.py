"""Learned rates of the inner loop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from compose.model.per_image import only
from compose.training.adaptation.adaptation import Adaptation
from compose.training.stages.nodes import holders

if TYPE_CHECKING:
    from compose.training.stages.work import TrainableModel

NAME = "inner_rates"
"""The submodule of a model that holds them."""


class InnerRates(nn.Module):
    """One rate for each inner step, or for each step and weight tensor (LSLR); the outer loop learns them.

    Reference: MAML++ (ICLR 2019), section 4, "Learning per-layer per-step learning rates".

    Args:
        steps: inner steps.
        tensors: weight tensors that have rates of their own; 1 where all share one.
        lr: where all begin.
    """

    def __init__(self, *, steps: int, tensors: int, lr: float) -> None:
        super().__init__()
        self.values = nn.Parameter(torch.full((steps, tensors), lr))

    def forward(self, step: int, tensor: int) -> Tensor:
        """The rate of a step, a scalar; steps beyond those that were learned take the last one's.

        Args:
            step: the inner step, from 0.
            tensor: which of the weight tensors that have rates of their own.
        """
        return self.values[min(step, len(self.values) - 1), tensor]


def adapted_tensors(model: TrainableModel, adaptation: Adaptation, losses: Collection[str]) -> list[str]:
    """The names of the weight tensors that adapt: of the nodes that do, those that the losses depend on.

    A tensor that its block froze by itself stays as it is.

    Args:
        model: a built model.
        adaptation: says which nodes adapt.
        losses: what the inner loop descends, as ``loss.NAME``.
    """
    adapting = holders(model.plan, adaptation.of(model.nodes))
    read = {name for name, _ in only(model.for_losses(losses), sorted(losses)).named_parameters()}
    return [
        name
        for name, weight in model.training.named_parameters()
        if name.partition(".")[0] in adapting and name in read and weight.requires_grad
    ]


def rated_tensors(model: TrainableModel, adaptation: Adaptation, losses: Collection[str]) -> list[str]:
    """The names of the weight tensors that may have learned rates of their own, in the order of these.

    Args:
        model: a built model.
        adaptation: the inner loop.
        losses: see :func:`adapted_tensors`.
    """
    rated = adaptation.nodes if adaptation.rated is None else adaptation.rated
    return adapted_tensors(model, replace(adaptation, nodes=rated), losses)


def add_rates(model: TrainableModel, adaptation: Adaptation, losses: Collection[str]) -> None:
    """Give a model the rates that its outer loop learns, if it does.

    Args:
        model: a built model.
        adaptation: the inner loop.
        losses: see :func:`adapted_tensors`.
    """
    if adaptation.rates != "fixed":
        each = [*rated_tensors(model, adaptation, losses), *model.plan.starts]
        tensors = len(each) if adaptation.rates == "layer" else 1
        model.training.add_module(NAME, InnerRates(steps=adaptation.steps, tensors=tensors, lr=adaptation.lr))
