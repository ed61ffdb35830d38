"""Inputs of more numbers than a tensor holds."""

from __future__ import annotations

import torch

from compose.model.walk import Walk
from compose.registry.registry import registry


def test_they_are_told_and_not_made() -> None:
    walk = Walk(registry(), {"image": ((2**40, 3, 2**12, 2**12), torch.float32)}, lambda _: None)
    (error,) = walk.errors
    assert error.code == "out-of-range"
    assert error.message.startswith("`image` would be 1099511627776 × 3 × 4096 × 4096, more numbers than")
    assert walk.values == {}
