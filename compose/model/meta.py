"""Modules on the meta device: every shape is known, and no weight takes memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from types import FunctionType
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch._compile import _disable_dynamo

from compose.block import BlockError

META = torch.device("meta")
Construction = Literal["meta", "weights", "real"]
"""How a module came to lie on the meta device: all that its constructor made was made there; its weights were moved
there as each was registered; or it was made with real weights first, as its constructor reads their values."""


def construct(make: Callable[[], nn.Module]) -> tuple[nn.Module, Construction]:
    """The module that a constructor makes, on the meta device, and how it came to lie there.

    Constructors may do as they like: compute widths from a range, move the module, look at their weights. What one
    refuses on the meta device is tried with ordinary tensors, whose weights are moved as they are registered, and then
    with weights of its own.

    Raises:
        BlockError: the constructor refuses its parameters.
        Exception: what the constructor raises with real weights.
    """
    ways: dict[Construction, Callable[[], AbstractContextManager[Any]]] = {
        "meta": lambda: META,
        "weights": _weights_on_meta,
        "real": nullcontext,
    }
    _without_compiler()  # a constructor may try its module on the meta device
    for way, context in ways.items():
        try:
            with torch.random.fork_rng(devices=[]), context():
                module = make()
        except BlockError:
            raise
        except Exception:  # whatever it does with tensors that have no values
            if way == "real":
                raise
        else:
            return _moved(module), way
    raise AssertionError("the last way returns or raises")


@contextmanager
def on_meta(*, made_there: bool = True) -> Iterator[None]:
    """A block that sets the precision by its input's device may do so on the meta device.

    Args:
        made_there: whether new tensors are made on it, too, if they name no device.
    """
    _without_compiler()
    set_up = torch.autocast.__init__

    def set_up_on_meta(self: torch.autocast, device_type: str, *args: Any, **options: Any) -> None:
        set_up(self, "cpu" if device_type == META.type else device_type, *args, **options)

    torch.autocast.__init__ = set_up_on_meta  # type: ignore[method-assign]
    try:
        with META if made_there else nullcontext():
            yield
    finally:
        torch.autocast.__init__ = set_up  # type: ignore[method-assign]


@contextmanager
def _weights_on_meta() -> Iterator[None]:
    """Move every parameter to the meta device as it is registered."""
    register = nn.Module.register_parameter

    def register_on_meta(self: nn.Module, name: str, param: nn.Parameter | None) -> None:
        register(self, name, param if param is None or param.is_meta else _parameter(param))

    nn.Module.register_parameter = register_on_meta  # type: ignore[method-assign]
    try:
        yield
    finally:
        nn.Module.register_parameter = register  # type: ignore[method-assign]


def _parameter(parameter: nn.Parameter) -> nn.Parameter:
    return nn.Parameter(parameter.detach().to(META), requires_grad=parameter.requires_grad)


def _moved(module: nn.Module) -> nn.Module:
    """The module with its weights and buffers on the meta device; what two of its parts share they share still.

    A tensor that is neither stays behind where a module moves to another device, so that it lies on the CPU here.
    """
    moved: dict[int, Tensor] = {}

    def move(tensor: Any) -> Any:
        if not isinstance(tensor, Tensor) or tensor.is_meta:
            return tensor
        if id(tensor) not in moved:
            moved[id(tensor)] = _parameter(tensor) if isinstance(tensor, nn.Parameter) else tensor.detach().to(META)
        return moved[id(tensor)]

    for part in module.modules():
        for held in (part._parameters, part._buffers):
            for name, value in held.items():
                held[name] = move(value)
        for name, value in vars(part).items():
            if isinstance(value, Tensor) and value.grad_fn is None:
                vars(part)[name] = torch.zeros((), dtype=value.dtype, device="cpu").expand(value.shape)
    return module


@cache
def _without_compiler() -> None:
    """Keep torch's compiler out of the operators' shape functions, which would import it only to be excluded from it.

    That import takes as long as that of torch itself. A function that has the attribute is taken as excluded already.
    """
    marked = _disable_dynamo(lambda: None).__code__
    rooms = ("torch._refs", "torch._decomp", "torch._prims", "torch._meta_registrations")
    waiting = [value for name in sys.modules if name.startswith(rooms) for value in vars(sys.modules[name]).values()]
    seen: set[int] = set()
    while waiting:
        function = waiting.pop()
        if not isinstance(function, FunctionType) or id(function) in seen:
            continue
        seen.add(id(function))
        inner = [cell.cell_contents for cell in function.__closure__ or ()]
        if function.__code__ is marked:
            for wrapped in (value for value in inner if isinstance(value, FunctionType)):
                vars(wrapped).setdefault("__dynamo_disable", wrapped)
        waiting += inner
