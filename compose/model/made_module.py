"""Make the module of a step, its weights without storage, from the sizes that its inputs bind."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from compose.block import BlockError
from compose.errors import SpecError
from compose.model.dims import Bindings
from compose.model.failures.conduct import conducted
from compose.model.failures.failure import (
    OWN,
    block_failed,
    has_lazy_modules,
    has_other_state,
    may_be_of_a_layer,
    too_large,
)
from compose.model.failures.misfit import Misfit
from compose.model.meta import Construction, construct
from compose.registry.registry import Registry
from compose.registry.user_code import is_mistake
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
        if value is None and size.optional:
            continue
        if value is None:
            message = f"no wired input of `{step.name}` carries the dim `{size.dim}`, which its block needs"
            carriers = [port.name for port in step.declaration.inputs if port.carries(size)]
            expected = f"one of {', '.join(carriers)}"
            raise Misfit("unbound-dim", message, step.place, expected, at=step, ports=tuple(carriers))
        sizes[size.name] = value
    return sizes


@dataclass(frozen=True)
class MadeModule:
    """A block's module without storage.

    Args:
        module: its weights are stand-ins.
        way: how it was made.
        warned: what Python or a library warned of meanwhile.
    """

    module: nn.Module
    way: Construction
    warned: tuple[str, ...]


def make(step: Step, sizes: dict[str, Any], registry: Registry) -> MadeModule:
    """The block's module, its weights without storage.

    Raises:
        SpecError: the block refuses its parameters, or fails.
    """
    declaration = step.declaration
    assert declaration is not None
    try:
        with watched(step, called=False), warnings.catch_warnings(record=True) as warned:
            module, way = construct(
                lambda: registry.construct(declaration.kind, declaration.name, {**sizes, **step.params})
            )
    except BlockError as error:
        raise refused(step, "bad-parameter", error) from error
    except BaseException as error:  # whatever the block does
        if not is_mistake(error):
            raise
        if absurd := too_large(step):
            raise absurd from error
        cls = registry.load(declaration.kind, declaration.name)
        taken = _taken(sizes | step.params) if may_be_of_a_layer(error, cls) else ""
        raise block_failed(step, cls, error, "cannot be made", taken) from error
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        raise has_lazy_modules(step, type(module))
    if other := [name for name, value in module.state_dict().items() if not isinstance(value, Tensor)]:
        raise has_other_state(step, type(module), other[0])
    return MadeModule(module, way, tuple(dict.fromkeys(map(warning_text, warned))))


def warning_text(warned: warnings.WarningMessage) -> str:
    """The first line of a warning."""
    return (str(warned.message).strip() or type(warned.message).__name__).splitlines()[0]


def watched(step: Step, *, called: bool) -> AbstractContextManager[None]:
    """Where a block of the user's is at work; ours are known to behave."""
    assert step.declaration is not None
    return nullcontext() if step.declaration.module.startswith(OWN) else conducted(called=called)


def _taken(values: dict[str, Any]) -> str:
    """What a constructor was given, for one that a library refuses."""
    shown = [
        f"`{name}` {value}" for name, value in values.items() if isinstance(value, int | float | str | list | tuple)
    ]
    return f"its layers do not take {', '.join(shown)}" if shown else ""


def refused(step: Step, code: str, error: BlockError) -> SpecError:
    """What a block says of its parameters or shapes, at the parameter that it names."""
    message, parameter = f"`{step.name}`: {error}", error.parameter or ""
    is_set = parameter in step.tree.items
    place = place_of(step.tree, (parameter,)) if is_set else step.place
    if is_set and code == "bad-parameter":
        return SpecError(code, message, place, error.expected)
    return Misfit(code, message, place, error.expected, at=step)
