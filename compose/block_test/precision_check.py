"""Whether a block computes in half precision, as stages do on a GPU."""

from __future__ import annotations

import torch
from torch import Tensor

from compose.block_test.block_finding import NotApplicable
from compose.block_test.block_trial import BlockTrial, Failed
from compose.block_test.rows_check import close
from compose.block_test.trial_inputs import Inputs, each, mapped

NEAR = 0.1
"""How far a result in half precision may lie from that in float32, in parts of the larger."""
UNWRITTEN = ("not implemented for", "not supported", "could not be found")
"""What torch says of an operation that a CPU does not have in half precision."""


def autocast(subject: BlockTrial) -> str:
    """A call under ``precision: bf16``, in which torch chooses the precision of each operation.

    Raises:
        Failed: it fails, or its result is another than in float32.
    """
    module, inputs = subject.made().eval(), subject.inputs()
    whole = subject.tensors(subject.called(module, inputs, "fails in evaluation"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = subject.tensors(subject.called(module, inputs, "fails under `precision: bf16`"))
    _check_near(subject, whole, half, "under `precision: bf16`")
    return "near the result in float32"


def halved(subject: BlockTrial, dtype: torch.dtype) -> str:
    """A call with weights and inputs in half precision.

    Raises:
        NotApplicable: it has no floats, or the CPU lacks an operation in that precision.
        Failed: it fails, or its result is another than in float32.
    """
    name = str(dtype).removeprefix("torch.")
    module, inputs = subject.made().eval(), subject.inputs()
    if not subject.made().state_dict() and not _floats(inputs):
        raise NotApplicable("it has no floats")
    whole = subject.tensors(subject.called(module, inputs, "fails in evaluation"))
    cast = mapped(inputs, lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)
    try:
        half = subject.tensors(subject.called(module.to(dtype), cast, f"fails in {name}"))
    except Failed as failed:
        said = str(failed.__cause__)
        if any(mark in said for mark in UNWRITTEN):
            raise NotApplicable(f"the CPU lacks an operation of it in {name}") from None
        raise
    _check_near(subject, whole, half, f"in {name}")
    return "near the result in float32"


def _floats(inputs: Inputs) -> bool:
    return any(tensor.is_floating_point() for value in inputs.values() for tensor in each(value))


def _check_near(subject: BlockTrial, whole: list[Tensor], half: list[Tensor], where: str) -> None:
    for one, two in zip(whole, half, strict=True):
        if not one.is_floating_point():
            continue  # the place of a largest value may be another
        if not two.isfinite().all():
            told = f"its result {where} is not finite"
            expected = "no constant beyond 65504 or under 6e-8, and sums in float32"
            raise Failed(subject.error(told, "return", expected=expected))
        if not close(one, two, NEAR):
            raise Failed(subject.error(f"its result {where} is far from that in float32", "return"))
