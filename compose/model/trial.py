"""Try a block's module once, forward and backward, on tensors without storage."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from compose.block import BlockError
from compose.errors import SpecError
from compose.model.facts import Flow, Output
from compose.model.failures.conduct import ChangedInput, Misconduct, Untouched
from compose.model.failures.failing_call import failing_call
from compose.model.failures.failure import (
    OWN,
    block_failed,
    changes_input,
    is_of_devices,
    keeps_graph,
    too_large,
)
from compose.model.made_module import refused, watched
from compose.model.meta import on_meta
from compose.registry.user_code import at_work, is_mistake
from compose.spec.wiring.plan import Ref, Step, refs


def run(step: Step, module: nn.Module, fed: dict[str, Any], *, backward: bool = True, graph: bool = True) -> Trial:
    """The module, called and, where asked, sent a gradient back through.

    Tensors that it makes without naming a device lie on the CPU, as they would beside a model on a GPU.

    Args:
        step: the step.
        module: its module, on the meta device.
        fed: input port -> tensor or list of tensors; one that requires a gradient is a leaf.
        backward: whether gradients are taken.
        graph: whether they could be taken, as in training.

    Raises:
        SpecError: the module fails on these shapes, forward or backward, or changes an input in place.
    """
    trial = Trial(step, module, fed)
    try:
        with on_meta(made_there=False), torch.set_grad_enabled(backward or graph), watched(step, called=True):
            trial.forward()
    except BlockError as error:
        raise refused(step, "shape-mismatch", error) from error
    except ChangedInput as error:
        raise changes_input(step, module, error.port, error) from error
    except BaseException as error:  # whatever the block does
        if not is_mistake(error):
            raise
        if trial.changed:
            raise changes_input(step, module, trial.changed) from error
        if absurd := too_large(step):
            raise absurd from error
        raise _explained(step, module, fed, error) from error
    if trial.changed:
        raise changes_input(step, module, trial.changed)
    if backward:
        _refuse_memory(trial, step, module)
        _send_back(trial, step, type(module))
    return trial


def _explained(step: Step, module: nn.Module, fed: dict[str, Any], error: BaseException) -> SpecError:
    """Why a call failed. Where tensors on two devices met, it is called again with all of them on one.

    What is then still wrong is told first.
    """
    call = ""
    if isinstance(error, Exception) and not isinstance(error, Misconduct):
        again = Trial(step, module, fed).forward
        with on_meta(), at_work():
            call, second = failing_call(again)
        error = second if second and is_of_devices(error) else error
    return block_failed(step, type(module), error, "fails on these shapes", call)


def _refuse_memory(trial: Trial, step: Step, module: nn.Module) -> None:
    """Refuse a block whose second call computes with what the first one left behind, whose graph is then gone.

    Raises:
        SpecError: it does.
    """
    held = [name for part in module.modules() for name, value in vars(part).items() if _has_graph(value)]
    if not held:
        return
    anew = {port: _leaves_of_its_own(value) for port, value in trial.fed.items()}
    second = Trial(step, module, anew)
    with on_meta(), at_work(), suppress(Exception):
        second.forward()
    before = {id(leaf) for value in trial.fed.values() for _, leaf in tensors(value)}
    if any(leaf in before for _, tensor in tensors(second.result) for leaf in _leaves(tensor)):
        raise keeps_graph(step, module, held[0])


def _has_graph(value: Any) -> bool:
    return isinstance(value, Tensor) and value.grad_fn is not None


def _leaves_of_its_own(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().requires_grad_(value.requires_grad)
    return [_leaves_of_its_own(item) for item in value]


def _send_back(trial: Trial, step: Step, cls: type) -> None:
    """Send a gradient back, and leave it where torch has no shape function for the gradient of an operator.

    Its forward pass has one, so that nothing is known to be wrong.
    """
    try:
        with on_meta(), at_work(), suppress(NotImplementedError):
            trial.backward()
    except BaseException as error:  # whatever the block does
        if not is_mistake(error):
            raise
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
        self._step, self._module, self.fed = step, module, fed
        self._saved: list[_Saved] = []
        self._given = {port: _copied(value) for port, value in fed.items()}
        self._before = {port: _state(value) for port, value in self._given.items()}
        self.result: Any = None

    def forward(self) -> None:
        """Call the module with inputs that no one else sees."""

        def keep(tensor: Tensor) -> Tensor:
            self._saved.append(_Saved(tensor, tensor._version))
            return tensor

        assert self._step.declaration is not None
        is_ours = self._step.declaration.module.startswith(OWN)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the run tells them
            with nullcontext() if is_ours else Untouched(self._given):
                self.result = self._module(**self._given)

    @property
    def changed(self) -> str:
        """An input that the module has changed in place; "" where there is none."""
        return next((port for port, value in self._given.items() if _state(value) != self._before[port]), "")

    def backward(self) -> None:
        """Send a gradient back from all that the module gives."""
        if any(kept.tensor._version != kept.version for kept in self._saved):
            raise RuntimeError("it changes a tensor in place that its backward pass needs as it was")
        ends = [tensor for _, tensor in tensors(self.result) if tensor.requires_grad]
        starts = [leaf for value in self.fed.values() for _, leaf in tensors(value) if leaf.requires_grad]
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
        for port, value in self.fed.items():
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


def _state(value: Any) -> list[tuple[int, int]]:
    """What changes with a tensor: how often it was written to, and the memory that it lies in."""
    return [(tensor._version, tensor.untyped_storage()._cdata) for _, tensor in tensors(value)]


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
