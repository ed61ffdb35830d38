"""Read the ports of a block off its ``forward``."""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from compose.errors import SpecError
from compose.registry.contract import hint_text, hints_of, mistake
from compose.registry.declaration import Port
from compose.registry.docstring import doc_entries, sections
from compose.registry.python_place import place_of_argument, place_of_class, place_of_field

Ports = tuple[Port, ...]

TENSOR = '`Float[Tensor, "b d"]`, or another of jaxtyping\'s annotations'
MODULE = "torch.nn.modules.module"
RESULT = f"{TENSOR}; a NamedTuple of such for several"


def read_ports(cls: Any, mistakes: list[SpecError]) -> tuple[Ports, Ports]:
    """The input and output ports of a block.

    Args:
        cls: the class.
        mistakes: where what is missing or means nothing is added.
    """
    forward = _forward(cls)
    if forward is None:
        lacking = "has no `forward`, whose arguments and result are the ports" if _is_module(cls) else "is no nn.Module"
        message = f"`{cls.__name__}` {lacking}"
        mistakes.append(mistake(message, place_of_class(cls), "an nn.Module with a `forward`"))
        return (), ()
    hints = hints_of(forward, mistakes)
    doc = sections(forward.__doc__)
    inputs = _inputs(forward, hints, doc_entries(doc.get("Args", "")), mistakes)
    if "return" not in forward.__annotations__:
        message = f"what `forward` of `{cls.__name__}` returns has no annotation"
        mistakes.append(mistake(message, place_of_argument(forward, "return"), RESULT))
    if "return" not in hints:
        return inputs, ()
    return inputs, _outputs(forward, hints["return"], " ".join(doc.get("Returns", "").split()), mistakes)


def not_scalar(cls: Any, outputs: Ports) -> SpecError | None:
    """The error of a loss whose ``forward`` does not give one number by its annotation; None where it does."""
    if len(outputs) == 1 and outputs[0].name == "out" and outputs[0].dims == () and outputs[0].dtype == "float":
        return None
    message = f"a loss gives a scalar, but not `forward` of `{cls.__name__}`"
    return mistake(
        message, place_of_argument(_forward(cls), "return"), '`Float[Tensor, ""]`, such as the mean over images'
    )


def _forward(cls: Any) -> Any:
    """The ``forward`` that a class or a base of it defines; None where it is nn.Module's, which does nothing."""
    defined = [vars(base)["forward"] for base in cls.__mro__ if "forward" in vars(base)]
    return defined[0] if _is_module(cls) and defined[0].__module__ != MODULE else None


def _is_module(cls: type) -> bool:
    """Whether a class is an ``nn.Module``. torch is not imported for it."""
    return any((base.__module__, base.__name__) == (MODULE, "Module") for base in cls.__mro__)


def _inputs(forward: Any, hints: dict[str, Any], docs: dict[str, str], mistakes: list[SpecError]) -> Ports:
    ports = []
    for name, parameter in list(inspect.signature(forward).parameters.items())[1:]:
        place = place_of_argument
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            message = f"`{str(parameter).partition(':')[0]}` of `forward` is no port: each has a name and a position"
            mistakes.append(mistake(message, place(forward, name), "an argument like `maps`, without `*` before it"))
        elif name not in forward.__annotations__:
            mistakes.append(mistake(f"the port `{name}` has no annotation", place(forward, name), TENSOR))
        elif name in hints and (port := _port(name, hints[name], docs.get(name, ""))):
            ports.append(port)
        elif name in hints:
            message = f"the port `{name}` is no tensor, but `{hint_text(hints[name])}`"
            mistakes.append(mistake(message, place(forward, name), f"{TENSOR}; `list[...]` of one for many tensors"))
    return tuple(ports)


def _outputs(forward: Any, hint: Any, doc: str, mistakes: list[SpecError]) -> Ports:
    if not hasattr(hint, "_fields"):
        port = _port("out", hint, doc)
        if port is None:
            is_tuple = tuple in (hint, get_origin(hint))
            what = "a plain tuple, whose ports have no names" if is_tuple else "no tensor"
            message = f"`forward` returns {what}: `{hint_text(hint)}`"
            mistakes.append(mistake(message, place_of_argument(forward, "return"), RESULT))
        return (port,) if port else ()
    hints = hints_of(hint, mistakes)
    docs = doc_entries(sections(hint.__doc__).get("Attributes", ""))
    ports = []
    for name in hint._fields:
        port = _port(name, hints[name], docs.get(name, "")) if name in hints else None
        if port:
            ports.append(port)
        elif name in hints or name not in hint.__annotations__:
            message = f"the port `{name}` of `{hint.__name__}` is no tensor"
            mistakes.append(mistake(message, place_of_field(hint, name), TENSOR))
    return tuple(ports)


def _port(name: str, hint: Any, doc: str) -> Port | None:
    """The port that an annotation declares; None where it is no tensor's."""
    optional = many = False
    if get_origin(hint) in (Union, types.UnionType):
        arms = [arm for arm in get_args(hint) if arm is not type(None)]
        optional, hint = len(arms) < len(get_args(hint)), arms[0]
    if get_origin(hint) is list:
        many, hint = True, get_args(hint)[0]
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if not _is_tensor(hint):
        return None
    dims, dtype = _shape(hint)
    return Port(name, dims, dtype, optional, many, doc)


def _is_tensor(hint: Any) -> bool:
    """Whether an annotation is ``Tensor``, or jaxtyping's of one. torch is not imported for it."""
    array = getattr(hint, "array_type", hint)
    return isinstance(array, type) and (array.__module__, array.__name__) == ("torch", "Tensor")


def _shape(hint: Any) -> tuple[tuple[str, ...] | None, str]:
    if not hasattr(hint, "dim_str"):
        return None, "any"
    dims = tuple(hint.dim_str.split())
    return (None if dims == ("...",) else dims), _dtype(hint.dtypes)


def _dtype(dtypes: Any) -> Literal["float", "int", "bool", "any"]:
    if not isinstance(dtypes, str | tuple | list):
        return "any"  # jaxtyping's ``Shaped``
    names = [dtypes] if isinstance(dtypes, str) else [str(name) for name in dtypes]
    if all("float" in name for name in names):
        return "float"
    if all("int" in name for name in names):
        return "int"
    return "bool" if all("bool" in name for name in names) else "any"
