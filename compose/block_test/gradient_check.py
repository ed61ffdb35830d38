"""Whether the gradients of a block are right, finite, and reach its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.gradcheck import GradcheckError

from compose.block_test.block_finding import NotApplicable
from compose.block_test.block_trial import SEED, BlockTrial, Failed
from compose.block_test.trial_inputs import Inputs, each, mapped
from compose.errors import listed

TRIES = 3
"""How often random inputs are drawn: at a kink, as of a ReLU, a difference quotient is wrong."""


def weights_reached(subject: BlockTrial) -> str:
    """A gradient from the result reaches the inputs and every weight, and is finite.

    Raises:
        NotApplicable: its result carries no gradient, which it says in no way.
        Failed: a weight is not reached, or a gradient is not finite.
    """
    module, inputs = subject.made().train(), mapped(subject.inputs(), _leaf)
    outputs = subject.called(module, inputs, "fails in training")
    ends = _differentiable(subject.tensors(outputs))
    weights = {name: weight for name, weight in module.named_parameters() if weight.requires_grad}
    if not ends:
        if weights:
            told = "no gradient leaves its result, so that its weights never learn"
            raise Failed(subject.error(told, "return"))
        raise NotApplicable("its result carries no gradient")
    with subject.told("fails in the backward pass"):
        sum(end.sum() for end in ends).backward()  # type: ignore[union-attr]
    lost = [name for name, weight in weights.items() if weight.grad is None]
    if lost:
        told = f"no gradient reaches its weights {listed([f'`{name}`' for name in lost])}"
        raise Failed(subject.error(told, "return", expected="a result that is computed with them"))
    leaves = {**weights, **{port: leaf for port, value in inputs.items() for leaf in each(value)}}
    _check_finite(subject, leaves)
    return f"reach {len(weights)} weights and the inputs, all finite" if weights else "reach the inputs, all finite"


def _check_finite(subject: BlockTrial, leaves: dict[str, Tensor]) -> None:
    for name, leaf in leaves.items():
        if leaf.grad is not None and not leaf.grad.isfinite().all():
            told = f"the gradient at `{name}` is not finite for random inputs"
            raise Failed(subject.error(told, "return", expected="no square root or norm of zero, no logarithm of it"))


def difference_quotients(subject: BlockTrial) -> str:
    """The gradients at the inputs agree with difference quotients in float64, in evaluation.

    Raises:
        NotApplicable: there are none, or the block computes in another precision.
        Failed: they differ.
    """
    module = subject.made().double().eval()
    told = ""
    for seed in range(SEED, SEED + TRIES):
        inputs = _reached(subject, module, mapped(subject.inputs(seed), lambda tensor: _leaf(_double(tensor))))
        leaves = [leaf for value in inputs.values() for leaf in each(value) if leaf.requires_grad]
        ends = _in_float64(subject, module, inputs)
        if not (leaves and ends):
            raise NotApplicable("its result carries no gradient of its inputs")
        if not all(map(torch.equal, ends, _in_float64(subject, module, inputs))):
            raise NotApplicable("it gives something else whenever it is called")
        told = _differ(subject, module, inputs, leaves)
        if not told:
            return "agree with difference quotients in float64"
    raise Failed(subject.error(told, "return", expected="operations of torch, or a `backward` that matches `forward`"))


def _reached(subject: BlockTrial, module: nn.Module, inputs: Inputs) -> Inputs:
    """The inputs, those that no gradient reaches without one: a target may be detached."""
    leaves = [leaf for value in inputs.values() for leaf in each(value) if leaf.requires_grad]
    ends = _in_float64(subject, module, inputs)
    if leaves and ends:
        with subject.told("fails in the backward pass"):
            found = torch.autograd.grad([end.sum() for end in ends], leaves, allow_unused=True)
        for leaf, gradient in zip(leaves, found, strict=True):
            leaf.requires_grad_(gradient is not None)
    return inputs


def _in_float64(subject: BlockTrial, module: nn.Module, inputs: Inputs) -> Sequence[Tensor]:
    """The outputs that carry a gradient, in float64."""
    try:
        ends = _differentiable(subject.tensors(subject.called(module, inputs, "fails in float64")))
    except Failed as failed:
        raise NotApplicable(f"it does not compute in float64: {failed.error.message}") from None
    if any(end.dtype != torch.float64 for end in ends):
        raise NotApplicable("it computes in a precision of its own")
    return ends


def _differ(subject: BlockTrial, module: nn.Module, inputs: Inputs, leaves: Sequence[Tensor]) -> str:
    """How the gradients differ from difference quotients; "" where they agree."""

    def result(*given: Tensor) -> tuple[Tensor, ...]:
        taken = iter(given)
        fed = mapped(inputs, lambda tensor: next(taken) if tensor.requires_grad else tensor)
        return tuple(_differentiable(subject.tensors(subject.called(module, fed, "fails in float64"))))

    try:
        torch.autograd.gradcheck(result, tuple(leaves), fast_mode=True, atol=1e-4, rtol=1e-3)
    except GradcheckError as error:
        return f"its gradient is wrong: {_line(error)}"
    except RuntimeError as error:  # a backward pass that fails, or that no one has written for float64
        raise NotApplicable(f"no gradient is computed in float64: {_line(error)}") from None
    return ""


def _line(error: Exception) -> str:
    return "it differs from difference quotients" if "Jacobian" in str(error) else str(error).strip().splitlines()[0]


def _differentiable(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor.requires_grad]


def _leaf(tensor: Tensor) -> Tensor:
    return tensor.detach().clone().requires_grad_(tensor.is_floating_point())


def _double(tensor: Any) -> Any:
    return tensor.double() if tensor.is_floating_point() else tensor
