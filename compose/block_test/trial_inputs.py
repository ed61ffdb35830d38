"""Random values for a block's inputs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from compose.block_test.trial_sizes import TrialSizes
from compose.registry.declaration import Declaration, Port

Inputs = dict[str, Any]
"""Input port -> a tensor, or a list of them."""


def random_inputs(declaration: Declaration, sizes: TrialSizes, seed: int, *, wired: frozenset[str]) -> Inputs:
    """Values for the ports that are wired: floats from a normal distribution, other numbers 0 or 1.

    Args:
        declaration: the block.
        sizes: the size of each letter.
        seed: what they are drawn by.
        wired: which ports get some.
    """
    source = torch.Generator().manual_seed(seed)
    found: Inputs = {}
    for port in declaration.inputs:
        if port.name in wired:
            drawn = [_drawn(port, shape, source) for shape in sizes.shapes(port)]
            found[port.name] = drawn if port.many else drawn[0]
    return found


def _drawn(port: Port, shape: tuple[int, ...], source: torch.Generator) -> Tensor:
    if port.dtype in ("float", "any"):
        return torch.randn(shape, generator=source)
    drawn = torch.randint(0, 2, shape, generator=source)
    return drawn.bool() if port.dtype == "bool" else drawn


def each(value: Any) -> list[Tensor]:
    """The tensors of a port."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def mapped(inputs: Inputs, change: Any) -> Inputs:
    """The inputs with each tensor changed."""
    return {
        port: [change(item) for item in value] if isinstance(value, list) else change(value)
        for port, value in inputs.items()
    }
