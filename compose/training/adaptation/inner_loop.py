"""The inner loop: the weights of one episode after some steps of gradient descent on its support."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import TypeAlias

import torch
from torch import Tensor
from torch.func import grad

from compose.training.adaptation.inner_rates import InnerRates

Params: TypeAlias = dict[str, Tensor]
Loss: TypeAlias = Callable[[Params], Tensor]


class InnerLoop:
    """θ' = θ - α ∇ L(support; θ), so many times (MAML, ICML 2017, eq. 1; DESIRE-Net, eq. 11).

    It works on one episode; ``torch.func.vmap`` makes it work on many at once.

    Args:
        steps: how many.
        lr: α, where it is not learned.
        rates: learned ones.
        places: the name of a weight tensor -> its place among the learned rates of a step; others take ``lr``.
        first_order: treat the gradients as constants, so that no second derivative is taken.
    """

    def __init__(
        self,
        *,
        steps: int,
        lr: float,
        rates: InnerRates | None = None,
        places: Mapping[str, int] | None = None,
        first_order: bool = False,
    ) -> None:
        self._steps, self._lr, self._first_order = steps, lr, first_order
        self._rates, self._places = rates, places or {}

    def __call__(self, weights: Mapping[str, Tensor], loss: Loss) -> Iterator[Params]:
        """The weights after each step.

        Args:
            weights: θ: the weights that adapt, by name.
            loss: of the support, a scalar, for such weights.
        """
        adapted = dict(weights)
        for step in range(self._steps):
            with torch.no_grad() if self._first_order else nullcontext():  # grad looks through it, the outer loop not
                gradients = grad(loss)(adapted)
            adapted = {name: value - self._rate(step, name) * gradients[name] for name, value in adapted.items()}
            yield adapted

    def _rate(self, step: int, name: str) -> float | Tensor:
        if self._rates is None or name not in self._places:
            return self._lr
        rate: Tensor = self._rates(step, self._places[name])
        return rate


def reptile(weights: Mapping[str, Tensor], adapted: Mapping[str, Tensor]) -> Tensor:
    """A number that is 0 and whose gradient is θ - mean θ': along it the weights move to those of the episodes.

    Reference: Reptile (On First-Order Meta-Learning Algorithms, 2018), algorithm 2.

    Args:
        weights: θ.
        adapted: the weights of each episode, ``e ...``.
    """
    moved = [(value * (value - adapted[name].mean(0)).detach()).sum() for name, value in weights.items()]
    total = torch.stack(moved).sum()
    return total - total.detach()
