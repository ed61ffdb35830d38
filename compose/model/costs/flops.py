"""What a model costs to compute."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from compose.model.build import Shaped
from compose.model.fit import Fake
from compose.model.meta import on_meta


def count_flops(shaped: Shaped) -> dict[str, int]:
    """The floating point operations of each step's forward pass, at the batch that the model was shaped for."""
    found: dict[str, int] = {}
    for step in shaped.steps:
        module = shaped.walk.modules.get(step.share or step.name)
        if module is not None:
            counter = FlopCounterMode(display=False)
            with on_meta(), torch.no_grad(), counter:
                module(**{port: _alone(value) for port, value in shaped.walk.fed(step).items()})
            found[step.name] = counter.get_total_flops()
    return found


def _alone(value: Fake) -> Fake:
    """Without a gradient, which the counter would follow."""
    return [tensor.detach() for tensor in value] if isinstance(value, list) else value.detach()
