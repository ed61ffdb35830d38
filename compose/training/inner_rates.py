"""Learned rates of the inner loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from compose.training.adaptation import Adaptation

NAME = "inner_rates"
"""The submodule of a model that holds them."""


class InnerRates(nn.Module):
    """One rate for each inner step, or for each step and weight tensor (LSLR); the outer loop learns them.

    Source: MAML++ (ICLR 2019), section 4, "Learning per-layer per-step learning rates".

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
            tensor: which of the weight tensors.
        """
        steps, tensors = self.values.shape
        return self.values[min(step, steps - 1), tensor if tensors > 1 else 0]


def adapted_tensors(model: nn.Module, adaptation: Adaptation, nodes: Sequence[str]) -> list[str]:
    """The names of the weight tensors that adapt, in the order of their rates.

    Args:
        model: holds the nodes.
        adaptation: says which nodes adapt.
        nodes: names of all nodes.
    """
    adapting = adaptation.of(nodes)
    return [name for name, _ in model.named_parameters() if name.partition(".")[0] in adapting]


def add_rates(model: nn.Module, adaptation: Adaptation, nodes: Sequence[str]) -> None:
    """Give a model the rates that its outer loop learns, if it does.

    Args:
        model: see :func:`adapted_tensors`.
        adaptation: the inner loop.
        nodes: names of all nodes.
    """
    if adaptation.rates != "fixed":
        tensors = len(adapted_tensors(model, adaptation, nodes)) if adaptation.rates == "layer" else 1
        model.add_module(NAME, InnerRates(steps=adaptation.steps, tensors=tensors, lr=adaptation.lr))
