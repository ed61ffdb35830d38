"""Make one block and try it once, forward and backward, on tensors without storage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from compose.block import BlockError
from compose.errors import SpecError
from compose.model.dims import Bindings
from compose.model.facts import Flow, Output
from compose.model.failures.failing_call import failing_call
from compose.model.failures.failure import block_failed, changes_input, has_lazy_modules
from compose.model.failures.misfit import Misfit
from compose.model.meta import Construction, construct, on_meta
from compose.registry.registry import Registry
from compose.spec.wiring.plan import Ref, Step, refs
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


def make(step: Step, sizes: dict[str, Any], registry: Registry) -> tuple[nn.Module, Construction]:
    """The block's module, its weights without storage, and how it was made.

    Raises:
        SpecError: the block refuses its parameters, or fails.
    """
    declaration = step.declaration
    assert declaration is not None
    try:
        module, way = construct(
            lambda: registry.construct(declaration.kind, declaration.name, {**sizes, **step.params})
        )
    except BlockError as error:
        raise refused(step, "bad-parameter", error) from error
    except Exception as error:  # whatever the block does
        cls = registry.load(declaration.kind, declaration.name)
        raise block_failed(step, cls, error, "cannot be made", _taken(sizes | step.params)) from error
    if any(map(is_lazy, (*module.parameters(), *module.buffers()))):
        raise has_lazy_modules(step, type(module))
    return module, way


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


def run(step: Step, module: nn.Module, fed: dict[str, Any], *, backward: bool = True) -> Trial:
    """The module, called and, where asked, sent a gradient back through.

    Args:
        step: the step.
        module: its module, on the meta device.
        fed: input port -> tensor or list of tensors; one that requires a gradient is a leaf.
        backward: whether gradients are taken.

    Raises:
        SpecError: the module fails on these shapes, forward or backward, or changes an input in place.
    """
    trial = Trial(step, module, fed)
    try:
        with on_meta(), torch.set_grad_enabled(backward):
            trial.forward()
    except BlockError as error:
        raise refused(step, "shape-mismatch", error) from error
    except Exception as error:  # whatever the block does
        if trial.changed:
            raise changes_input(step, module, trial.changed) from error
        with on_meta():
            call = failing_call(Trial(step, module, fed).forward)
        raise block_failed(step, type(module), error, "fails on these shapes", call) from error
    if trial.changed:
        raise changes_input(step, module, trial.changed)
    if backward:
        _send_back(trial, step, type(module))
    return trial


def _send_back(trial: Trial, step: Step, cls: type) -> None:
    """Send a gradient back, and leave it where torch has no shape function for the gradient of an operator.

    Its forward pass has one, so that nothing is known to be wrong.
    """
    try:
        with on_meta(), suppress(NotImplementedError):
            trial.backward()
    except Exception as error:  # whatever the block does
        raise block_failed(step, cls, error, "fails in the backward pass") from error


@dataclass
class _Saved:
    """A tensor that autograd keeps, as it was then."""

    tensor: Tensor
    version: int


class Trial:
    """One call of a module.

    Args:
        step: the step that it is.
        module: its module.
        fed: input port -> tensor or list of tensors.

    Attributes:
        result: what the module returned.
    """

    def __init__(self, step: Step, module: nn.Module, fed: dict[str, Any]) -> None:
        self._step, self._module, self._fed = step, module, fed
        self._saved: list[_Saved] = []
        self._given = {port: _copied(value) for port, value in fed.items()}
        self._before = {port: _versions(value) for port, value in self._given.items()}
        self.result: Any = None

    def forward(self) -> None:
        """Call the module with inputs that no one else sees."""

        def keep(tensor: Tensor) -> Tensor:
            self._saved.append(_Saved(tensor, tensor._version))
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            self.result = self._module(**self._given)

    @property
    def changed(self) -> str:
        """An input that the module has changed in place; "" where there is none."""
        return next((port for port, value in self._given.items() if _versions(value) != self._before[port]), "")

    def backward(self) -> None:
        """Send a gradient back from all that the module gives."""
        if any(kept.tensor._version != kept.version for kept in self._saved):
            raise RuntimeError("it changes a tensor in place that its backward pass needs as it was")
        ends = [tensor for _, tensor in tensors(self.result) if tensor.requires_grad]
        starts = [leaf for value in self._fed.values() for _, leaf in tensors(value) if leaf.requires_grad]
        starts += [parameter for parameter in self._module.parameters() if parameter.requires_grad]
        if ends and starts:
            torch.autograd.grad(ends, starts, [torch.empty_like(end) for end in ends], allow_unused=True)

    @property
    def saved_bytes(self) -> int:
        """What autograd keeps, the weights left out."""
        own = {parameter.untyped_storage()._cdata for parameter in self._module.parameters()}
        storages = {kept.tensor.untyped_storage()._cdata: kept.tensor.untyped_storage() for kept in self._saved}
        return sum(storage.nbytes() for known, storage in storages.items() if known not in own)

    def flows(self, outputs: Mapping[str, Any]) -> dict[Output, Flow]:
        """Where the gradient of each output goes.

        Args:
            outputs: output port -> what the module gives there.
        """
        leaves: dict[int, Ref | str] = {id(weight): name for name, weight in self._module.named_parameters()}
        for port, value in self._fed.items():
            sources = refs(self._step.inputs[port])
            leaves |= {id(leaf): _source(sources, place) for place, leaf in tensors(value)}
        found: dict[Output, Flow] = {}
        for port, value in outputs.items():
            for place, tensor in tensors(value):
                if tensor.requires_grad:
                    reached = [leaves[leaf] for leaf in _leaves(tensor) if leaf in leaves]
                    values = frozenset(leaf for leaf in reached if isinstance(leaf, Ref))
                    found[port, place] = Flow(values, frozenset(leaf for leaf in reached if isinstance(leaf, str)))
        return found


def tensors(value: Any) -> Iterator[tuple[int | None, Tensor]]:
    """The tensors of a port, each with its place in the list where it is one; of a NamedTuple those of its fields."""
    if isinstance(value, Tensor):
        yield None, value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for place, item in enumerate(value):
            yield from ((place, tensor) for _, tensor in tensors(item))


def _source(sources: Sequence[Ref], place: int | None) -> Ref:
    """What feeds a tensor of a port: an item of the list in the spec, or of a port that is a list."""
    if place is None or (len(sources) == 1 and sources[0].many):
        whole = sources[0]
        return whole if place is None else Ref(whole.step, whole.port, place)
    return sources[place]


def _copied(value: Any) -> Any:
    """Tensors of the block's own, through which gradients reach those given."""
    if isinstance(value, Tensor):
        return value.clone() if value.requires_grad else value.detach().clone()
    return [_copied(item) for item in value]


def _versions(value: Any) -> list[int]:
    return [tensor._version for _, tensor in tensors(value)]


def _leaves(tensor: Tensor) -> Iterator[int]:
    """The ids of the leaves that a gradient at a tensor reaches."""
    if tensor.grad_fn is None:
        yield id(tensor)
        return
    waiting: list[Any] = [tensor.grad_fn]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if type(node).__name__ == "AccumulateGrad":
            yield id(node.variable)
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
