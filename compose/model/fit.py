"""Whether the tensors that reach a node fit its ports, and the error that says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from compose.errors import Note, Place, SpecError, listed
from compose.model.dims import Bindings, Mismatch, shape_text
from compose.model.failures.failure import at_block, result_place
from compose.model.failures.misfit import Misfit
from compose.registry.declaration import Port
from compose.spec.wiring.plan import Ref, Step, refs

Fake = Any
"""A tensor without storage, or a list of them."""

MOST = 10
"""How many tensors of a list a message names."""

Producer = Callable[[Ref], Place | None]
"""Where in the spec the node or input stands that gives a value."""


def bind(port: Port, value: Fake, bindings: Bindings) -> None:
    """Bind a port's dims to a value.

    Raises:
        Mismatch: it does not fit, by number, dtype, rank or size.
    """
    is_list = isinstance(value, (list, tuple))
    if is_list and not port.many:
        raise Mismatch(f"it is a list of {len(value)} tensors, and the port takes one", port)
    tensors = list(value) if is_list else [value]
    other = next((item for item in tensors if not isinstance(item, Tensor)), value)
    if not (isinstance(other, Tensor) or is_list):
        raise Mismatch(f"expected a tensor, got {_what(other)}", port)
    wrong = next((tensor.dtype for tensor in tensors if not dtype_fits(port.dtype, tensor.dtype)), None)
    if wrong is not None:
        raise Mismatch(f"expected {port.dtype} values, got {str(wrong).removeprefix('torch.')}", port)
    for tensor in tensors:
        bindings.bind(port, tuple(tensor.shape))


def bind_inputs(step: Step, fed: dict[str, Fake], producer: Producer) -> tuple[Bindings, list[SpecError]]:
    """Bind all input ports of a step; an error for each that does not fit."""
    assert step.declaration is not None
    bindings, errors = Bindings(), []
    for port in step.declaration.inputs:
        if port.name in fed:
            try:
                bind(port, fed[port.name], bindings)
            except Mismatch as mismatch:
                errors.append(_mismatch_error(step, mismatch, fed, producer))
    return bindings, errors


def _mismatch_error(step: Step, mismatch: Mismatch, fed: dict[str, Fake], producer: Producer) -> SpecError:
    here = _feeds(step, mismatch.port)
    if mismatch.other and len(mismatch.ports) > 1:
        there = _feeds(step, mismatch.other.port)
        sizes = f"{mismatch.letter} is {mismatch.other} in {there} and {mismatch.here} in {here}"
        message = f"{there} and {here} do not fit together in `{step.name}`: {sizes}"
    else:
        message = f"{here} does not fit `{step.name}.{mismatch.port.name}`: {mismatch}"
    place = next((ref.place for ref in refs(step.inputs[mismatch.port.name]) if ref.place), None)
    notes = [port_note(step, port, fed[port.name], producer) for port in mismatch.ports]
    ports = tuple(port.name for port in mismatch.ports)
    return Misfit("shape-mismatch", message, place or step.place, None, None, notes, at=step, ports=ports)


def several(ref: Ref, tensors: list[Tensor], beside: dict[str, Tensor]) -> Misfit:
    """The error where one tensor is wanted of a list that holds more.

    Args:
        ref: what was asked for.
        tensors: the list.
        beside: other ports of the same node that hold one tensor.
    """
    shown = [f"`{ref}.{index}` ({shape_text(tensor.shape)})" for index, tensor in enumerate(tensors)]
    ports = [f"`{ref.step}.{port}` ({shape_text(tensor.shape)})" for port, tensor in beside.items()]
    message = f"`{ref}` is a list of {len(tensors)} tensors, and one is wanted here"
    return Misfit("list-for-one", message, ref.place, f"one of {listed([*ports, *shown], most=MOST)}")


def port_note(step: Step, port: Port, value: Fake, producer: Producer) -> Note:
    """What reaches a port, what the port takes, and where the value comes from."""
    tensors = value if isinstance(value, (list, tuple)) else [value]
    shapes = ", ".join(shape_text(tensor.shape) for tensor in tensors)
    ref = refs(step.inputs[port.name])[0]
    return Note(f"{_feeds(step, port)} is {shapes}; `{step.name}.{port.name}` takes {port.shape}", producer(ref))


def results(step: Step, module: nn.Module, result: Any) -> Iterator[tuple[Port, Fake]]:
    """What a module returned, by output port.

    Raises:
        SpecError: it is no NamedTuple of the declared ports.
    """
    assert step.declaration is not None
    ports = step.declaration.outputs
    if len(ports) == 1 and ports[0].name == "out":
        return iter([(ports[0], result)])
    names = tuple(port.name for port in ports)
    if getattr(type(result), "_fields", None) != names:
        got = f"`{type(result).__name__}`" if isinstance(result, tuple) else _what(result)
        message = f"`forward` of `{step.name}` returned {got}, but declares the ports {', '.join(names)}"
        error = SpecError("output-shape", message, None, "the NamedTuple that its annotation names")
        raise at_block(step, error, result_place(module))
    return zip(ports, result, strict=True)


def check_given(port: Port, value: Fake, fed: Iterable[Tensor]) -> None:
    """Refuse what a block gives on another device, or in other numbers than what it was given.

    Raises:
        Mismatch: it is so.
    """
    given = [item for item in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(item, Tensor)]
    if any(not item.is_meta for item in given):
        raise Mismatch("it is made on the CPU and would stay there beside a model on a GPU", port)
    usual = {torch.float32, *(tensor.dtype for tensor in fed)}
    other = next((item.dtype for item in given if item.is_floating_point() and item.dtype not in usual), None)
    if other is not None:
        raise Mismatch(f"its values are {str(other).removeprefix('torch.')}, and all else computes in float32", port)


def output_error(step: Step, module: nn.Module, port: Port, value: Fake, mismatch: Mismatch) -> SpecError:
    """A block gives something else than it declares."""
    is_tensor = isinstance(value, Tensor)
    got = shape_text(value.shape) if is_tensor else _what(value)
    said = f": {mismatch}" if is_tensor or isinstance(value, (list, tuple)) else ""
    message = f"`{step.name}.{port.name}` is {got}, but its block declares {port.shape}{said}"
    return at_block(step, SpecError("output-shape", message), result_place(module))


def _what(value: Any) -> str:
    """What is no tensor, in words."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return f"`{value!r}`" if isinstance(value, int | float) else f"a {type(value).__name__}"


def _feeds(step: Step, port: Port) -> str:
    return ", ".join(f"`{ref}`" for ref in refs(step.inputs[port.name]))


def dtype_fits(wanted: str, dtype: torch.dtype) -> bool:
    """Whether a port of a declared dtype takes this one."""
    is_int = not dtype.is_floating_point and not dtype.is_complex and dtype != torch.bool
    fits = {"float": dtype.is_floating_point, "int": is_int, "bool": dtype == torch.bool}
    return fits.get(wanted, True)
