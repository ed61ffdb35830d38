"""What is found out about one step before any weight exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from compose.model.meta import Construction
from compose.spec.wiring.plan import Ref

Output: TypeAlias = tuple[str, int | None]
"""An output port, and which tensor of it where it holds a list."""


@dataclass(frozen=True)
class Flow:
    """Where a gradient goes that arrives at one output of a step.

    Args:
        values: the step's inputs that it goes on to.
        weights: the step's own weights that it reaches.
    """

    values: frozenset[Ref] = frozenset()
    weights: frozenset[str] = frozenset()


@dataclass
class Facts:
    """Sizes, shapes and costs of one step.

    Args:
        sizes: the constructor arguments bound from shapes.
        letters: dim -> its size at the step's ports.
        outputs: output port -> shape, or a list of shapes.
        parameters: how many weights, without those of a node that it shares; ``trainable`` those that learn.
        trainable: the weights that learn.
        saved_bytes: what autograd keeps for the backward pass.
        weights: parameter name -> shape.
        learning: names of the weights that its block does not freeze.
        flows: output -> where its gradient goes; an output that carries none is left out.
        construction: how the module was made without memory.
        warned: what Python or a library warned of while the module was made.
        mixes: whether an output has no row for each example, or the examples as another dim.
    """

    sizes: dict[str, Any] = field(default_factory=dict)
    letters: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    saved_bytes: int = 0
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)
    learning: frozenset[str] = frozenset()
    flows: dict[Output, Flow] = field(default_factory=dict)
    construction: Construction = "meta"
    warned: tuple[str, ...] = ()
    mixes: bool = False
