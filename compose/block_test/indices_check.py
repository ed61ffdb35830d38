"""Whether a block that gives whole numbers says which, so that who counts entries of an axis by them can be checked."""

from __future__ import annotations

import torch
from torch import Tensor

from compose.block import HoldsIndices
from compose.block_test.block_finding import NotApplicable
from compose.block_test.block_trial import BlockTrial, Failed
from compose.block_test.trial_inputs import each
from compose.errors import listed


def index_ranges(subject: BlockTrial) -> str:
    """The whole numbers that a block gives lie where it says.

    Raises:
        NotApplicable: it gives none, or does not say which.
        Failed: it gives others than it says.
    """
    module, inputs = subject.made().eval(), subject.inputs()
    outputs = subject.called(module, inputs, "fails in evaluation")
    whole = {name: each(value) for name, value in outputs.items() if not any(map(_is_other, each(value)))}
    if not whole:
        raise NotApplicable("it gives no whole numbers")
    said = module.index_ranges(inputs, {}) if isinstance(module, HoldsIndices) else {}
    unsaid = [f"`{name}`" for name in whole if name not in said]
    for name in whole.keys() & said.keys():
        found = [int(tensor.min()) for tensor in whole[name]] + [int(tensor.max()) for tensor in whole[name]]
        if not (said[name].start <= min(found) and max(found) < said[name].stop):
            told = f"`{name}` holds {min(found)} to {max(found)}, and `index_ranges` says {said[name]}"
            raise Failed(subject.error(told, "return"))
    if unsaid:
        told = "its method `index_ranges` does not say which, so that who selects by them is checked only in training"
        raise NotApplicable(f"it gives whole numbers in {listed(unsaid)}; {told}")
    return f"`index_ranges` holds for {listed([f'`{name}`' for name in whole])}"


def _is_other(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.dtype == torch.bool or not tensor.numel()
