"""Whether a block gives what its ports say: on paper, and with values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from compose.block_test.block_finding import NotApplicable
from compose.block_test.block_trial import REFUSALS, SEED, BlockTrial, Failed
from compose.block_test.trial_inputs import Inputs, each, mapped
from compose.errors import listed
from compose.model.dims import Mismatch, shape_text
from compose.model.fit import output_error
from compose.model.walk import Walk


def dry_run(subject: BlockTrial) -> str:
    """The block on tensors without values, in training and in evaluation, as `compose validate` runs it.

    Raises:
        Failed: it cannot be made or called, changes an input, or gives other shapes.
    """
    step, given = subject.dry_step()
    shown = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in given.items()}
    for inference in (False, True):
        walk = Walk(subject.registry, shown, lambda _: None, inference=inference)
        walk.run([step])
        if walk.errors:
            raise Failed(walk.errors[0])
    shapes = [shape_text(shape) for shape in (tuple(tensor.shape) for tensor in given.values())]
    return f"takes {', '.join(shapes)}"


def forward(subject: BlockTrial) -> str:
    """A call with values, in training and in evaluation.

    Raises:
        Failed: it fails, gives other shapes than it declares, no finite values, or changes an input.
    """
    module, inputs = subject.made(), subject.inputs()
    shown: list[str] = []
    for mode in ("training", "evaluation"):
        module.train(mode == "training")
        before = mapped(inputs, torch.clone)
        outputs = subject.called(module, inputs, f"fails in {mode}")
        for port in subject.declaration.outputs:
            _check_port(subject, module, port.name, outputs, inputs)
        _check_kept(subject, before, inputs)
        shown = [f"{name} {', '.join(shape_text(t.shape) for t in each(value))}" for name, value in outputs.items()]
    return f"gives {'; '.join(shown)}"


def without_optional(subject: BlockTrial) -> str:
    """A call with the inputs alone that must be wired.

    Raises:
        NotApplicable: it has no others, or is tried without them as it is.
        Failed: it cannot be called so.
    """
    left_out = [port.name for port in subject.declaration.inputs if port.optional and port.name in subject.wired]
    if not left_out:
        raise NotApplicable("every input is needed")
    less = replace(subject, wired=subject.wired - set(left_out))
    try:
        dry_run(less)
        forward(less)
    except Failed as failed:
        if failed.error.code in ("unbound-dim", *REFUSALS):
            raise NotApplicable(failed.error.message) from None
        raise
    return f"works without {listed([f'`{name}`' for name in left_out])}"


def _check_port(subject: BlockTrial, module: nn.Module, name: str, outputs: dict[str, Any], inputs: Inputs) -> None:
    try:
        subject.check_shapes(inputs, outputs)
    except Mismatch as mismatch:
        raise Failed(output_error(subject.step, module, mismatch.port, outputs[mismatch.port.name], mismatch)) from None
    values = [tensor for tensor in each(outputs[name]) if tensor.is_floating_point()]
    if any(not tensor.isfinite().all() for tensor in values):
        raise Failed(subject.error(f"`{name}` has values that are not finite for random inputs", "return"))


def _check_kept(subject: BlockTrial, before: Inputs, after: Inputs) -> None:
    for port, value in after.items():
        pairs = zip(each(before[port]), each(value), strict=True)
        if any(not torch.equal(first, second) for first, second in pairs):
            raise Failed(subject.error(f"it changes its input `{port}` in place", port, "in-place"))


def same_seed(subject: BlockTrial) -> str:
    """Two modules of one seed have the same weights.

    Raises:
        NotApplicable: it has no weights.
        Failed: they differ.
    """
    first, second = (dict(subject.made().state_dict()) for _ in range(2))
    if not first:
        raise NotApplicable("it has no weights")
    for name, tensor in first.items():
        if not _same(tensor, second[name]):
            told = f"its weights `{name}` are others each time it is made, whatever the seed"
            raise Failed(subject.error(told, "__init__", expected="torch's random numbers, such as `torch.randn`"))
    other = dict(subject.made(SEED + 1).state_dict())
    drawn = sum(not _same(tensor, other[name]) for name, tensor in first.items())
    return f"{drawn} of {len(first)} tensors are drawn by it"


def repeated(subject: BlockTrial) -> str:
    """Two calls in evaluation give the same.

    Raises:
        Failed: they do not.
    """
    module, inputs = subject.made().eval(), subject.inputs()
    first, second = (subject.tensors(subject.called(module, inputs, "fails when called again")) for _ in range(2))
    if any(not _same(one, two) for one, two in zip(first, second, strict=True)):
        told = "it gives another result when it is called again in evaluation"
        expected = "nothing kept from call to call, and random numbers only `if self.training`"
        raise Failed(subject.error(told, "return", expected=expected))
    return "two calls in evaluation agree"


def _same(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and torch.equal(first, second)
