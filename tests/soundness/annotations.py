"""Whether tensors fit the annotations of a block's ports, as jaxtyping itself judges; the sizes of their letters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jaxtyping
from torch import Tensor

from compose.registry.declaration import Declaration, Port

DTYPES = {"float": "Float", "int": "Int", "bool": "Bool", "any": "Shaped"}


def fits(ports: tuple[Port, ...], values: Mapping[str, Any]) -> bool:
    """Whether values fit the ports of one block together.

    Args:
        ports: inputs, and outputs where there are values of them.
        values: port name -> tensor, or list of tensors.
    """
    with jaxtyping.jaxtyped("context"):
        return all(_fits(port, values[port.name]) for port in ports if port.name in values)


def _fits(port: Port, value: Any) -> bool:
    if isinstance(value, list) != port.many or (port.length is not None and len(value) != port.length):
        return False
    tensors = value if port.many else [value]
    return all(isinstance(tensor, Tensor) and isinstance(tensor, _annotation(port)) for tensor in tensors)


@cache
def _annotation(port: Port) -> Any:
    """Jaxtyping's annotation; ``?d``, which differs from tensor to tensor of a list, is any size."""
    kind = getattr(jaxtyping, DTYPES[port.dtype])
    dims = ("...",) if port.dims is None else port.dims
    return kind[Tensor, " ".join("_" if dim.startswith("?") else dim for dim in dims)]


def sizes(declaration: Declaration, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The constructor's arguments that are bound from shapes; None where one is bound by nothing.

    Args:
        declaration: the block.
        values: input port -> tensor, or list of tensors, that fit it.
    """
    letters: dict[str, Any] = {}
    for port in declaration.inputs:
        if port.name in values and port.dims is not None:
            tensors = values[port.name] if port.many else [values[port.name]]
            for tensor in tensors:
                _read(port.dims, tuple(tensor.shape), letters)
    found = {size.name: letters.get(size.dim) for size in declaration.sizes if not size.optional or size.dim in letters}
    return None if None in found.values() else found


def may_be(declaration: Declaration, values: Mapping[str, Any], shape: tuple[int, ...]) -> bool:
    """Whether a block's first output may have a shape, as far as the letters of its inputs tell."""
    letters: dict[str, Any] = {}
    for port in declaration.inputs:
        if port.name in values and port.dims is not None:
            for tensor in values[port.name] if port.many else [values[port.name]]:
                _read(port.dims, tuple(tensor.shape), letters)
    first = declaration.outputs[0]
    if first.many or first.dtype not in ("float", "any"):
        return False
    told = [letters.get(dim.lstrip("#*?_"), dim) for dim in first.dims or ("...",)]
    sizes = [size for entry in told for size in (entry if isinstance(entry, tuple) else [entry])]
    if any(isinstance(size, str) and (size == "..." or size.startswith("*")) for size in sizes):
        return True
    return len(sizes) == len(shape) and all(isinstance(a, str) or a == b for a, b in zip(sizes, shape, strict=True))


def _read(dims: tuple[str, ...], shape: tuple[int, ...], letters: dict[str, Any]) -> None:
    spread = next((place for place, dim in enumerate(dims) if "*" in dim[:2] or dim == "..."), None)
    rest = len(shape) - len(dims) + 1
    named: list[tuple[str, Any]] = list(zip(dims, shape, strict=False))
    if spread is not None:
        after = zip(dims[spread + 1 :], shape[spread + rest :], strict=True)
        named = [*named[:spread], (dims[spread], shape[spread : spread + rest]), *after]
    for dim, size in named:
        letter = dim.lstrip("#*?_")
        if "?" in dim:
            letters[letter] = (*letters.get(letter, ()), size)
        elif letter.isidentifier() and not ("#" in dim and size == 1):
            letters.setdefault(letter, size)
