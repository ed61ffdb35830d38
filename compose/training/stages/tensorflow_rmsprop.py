"""RMSprop as TensorFlow computes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class TensorFlowRMSprop(Optimizer):
    """RMSprop with epsilon inside the root, a mean square that starts at 1, and momentum over steps scaled by the rate.

    A change of the rate does not rescale the steps that momentum still holds, and the first steps are no larger than
    the later ones, as they are in torch's, whose mean square starts at 0.

    Reference: TensorFlow's ``ApplyRMSProp``: ms ← α ms + (1 - α) g²; mom ← μ mom + lr g / √(ms + ε); w ← w - mom.

    Args:
        groups: parameter groups; each may have ``lr`` and ``weight_decay`` of its own.
        lr: learning rate.
        alpha: decay rate of the running mean of the squared gradient.
        eps: added to that mean under the root.
        momentum: decay rate of the running sum of steps.
        weight_decay: L2 penalty.
    """

    def __init__(
        self,
        groups: Any,
        *,
        lr: float = 1e-3,
        alpha: float = 0.9,
        eps: float = 1e-10,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(groups, options)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the weights that have a gradient.

        Args:
            closure: computes the loss and the gradients, where they are not there yet.

        Returns:
            The closure's loss.
        """
        with torch.enable_grad():
            loss = None if closure is None else closure()
        for group in self.param_groups:
            trained = [weight for weight in group["params"] if weight.grad is not None]
            if trained:
                self._update(trained, group)
        return loss

    def _update(self, trained: list[Tensor], group: dict[str, Any]) -> None:
        states = [self._state(weight) for weight in trained]
        weights, gradients = _real(trained), _real([weight.grad for weight in trained if weight.grad is not None])
        squares, steps = (_real([state[name] for state in states]) for name in ("mean_square", "steps"))
        if group["weight_decay"]:
            gradients = [*torch._foreach_add(gradients, weights, alpha=group["weight_decay"])]
        torch._foreach_mul_(squares, group["alpha"])
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - group["alpha"])
        roots = torch._foreach_add(squares, group["eps"])
        torch._foreach_sqrt_(roots)
        torch._foreach_mul_(steps, group["momentum"])
        torch._foreach_addcdiv_(steps, gradients, roots, value=group["lr"])
        torch._foreach_sub_(weights, steps)

    def _state(self, weight: Tensor) -> dict[str, Tensor]:
        state: dict[str, Tensor] = self.state[weight]
        if not state:
            real = torch.view_as_real(weight) if weight.is_complex() else weight
            ones = torch.ones_like(real)
            state["mean_square"] = torch.view_as_complex(ones) if weight.is_complex() else ones
            state["steps"] = torch.zeros_like(weight)
        return state


def _real(tensors: list[Tensor]) -> list[Tensor]:
    """Views of complex tensors as pairs of real numbers, of which each is a weight of its own."""
    return [torch.view_as_real(tensor) if tensor.is_complex() else tensor for tensor in tensors]
