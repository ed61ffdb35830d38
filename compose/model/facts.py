"""What is found out about one step before any weight exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Facts:
    """Sizes, shapes and costs of one step.

    Args:
        sizes: the constructor arguments bound from shapes.
        outputs: output port -> shape, or a list of shapes.
        parameters: how many weights, without those of a node that it shares; ``trainable`` those that learn.
        trainable: the weights that learn.
        flops: floating point operations of one forward at the walk's batch.
        saved_bytes: what autograd keeps for the backward pass.
        weights: parameter name -> shape.
    """

    sizes: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    flops: int = 0
    saved_bytes: int = 0
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)
