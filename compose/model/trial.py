"""Make one block and run it once, on tensors without storage."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from compose.block import BlockError
from compose.errors import SpecError
from compose.model.dims import Bindings
from compose.model.facts import Facts
from compose.model.failure import block_failed
from compose.registry.registry import Registry
from compose.spec.wiring.plan import Step
from compose.spec.yaml.tree import place_of


def bound_sizes(step: Step, bindings: Bindings) -> dict[str, Any]:
    """The constructor arguments that are bound from shapes.

    Raises:
        SpecError: no wired port carries a dim that the block needs.
    """
    assert step.declaration is not None
    sizes: dict[str, Any] = {}
    for size in step.declaration.sizes:
        value = bindings.value(size)
        if value is None:
            message = f"no wired input of `{step.name}` carries the dim `{size.dim}`, which its block needs"
            carriers = [port.name for port in step.declaration.inputs if port.carries(size)]
            raise SpecError("unbound-dim", message, step.place, f"one of {', '.join(carriers)}")
        sizes[size.name] = value
    return sizes


def make(step: Step, sizes: dict[str, Any], registry: Registry, mode: FakeTensorMode) -> nn.Module:
    """The block's module, its weights without storage.

    Raises:
        SpecError: the block refuses its parameters, or fails.
    """
    declaration = step.declaration
    assert declaration is not None
    try:
        with mode:
            module: nn.Module = registry.construct(declaration.kind, declaration.name, {**sizes, **step.params})
    except BlockError as error:
        place = place_of(step.tree, (error.parameter,)) if error.parameter in step.tree.items else step.place
        raise SpecError("bad-parameter", f"`{step.name}`: {error}", place) from error
    except Exception as error:  # whatever the block does
        cls = registry.load(declaration.kind, declaration.name)
        raise block_failed(step, cls, error, "cannot be made") from error
    return module


def run(step: Step, module: nn.Module, fed: dict[str, Any], mode: FakeTensorMode, facts: Facts) -> Any:
    """The module's result; its cost goes into ``facts``.

    Raises:
        SpecError: the module fails on these shapes.
    """
    saved: dict[int, int] = {}
    own = {parameter.untyped_storage()._cdata for parameter in module.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            saved[storage._cdata] = storage.nbytes()
        return tensor

    counter = FlopCounterMode(display=False)
    try:
        with _quiet(), mode, counter, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = module(**fed)
    except Exception as error:  # whatever the block does
        raise block_failed(step, type(module), error, "fails on these shapes") from error
    facts.flops, facts.saved_bytes = counter.get_total_flops(), sum(saved.values())
    return result


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the traceback that torch logs where a block fails on fake tensors: our error tells of it."""
    logger = logging.getLogger(FakeTensorMode.__module__)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
