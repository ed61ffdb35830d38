"""Read the ports of a block off its ``forward``."""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from compose.errors import SpecError
from compose.registry.contract import hint_text, hints_of, mistake
from compose.registry.declaration import Port
from compose.registry.dim_name import dim_name
from compose.registry.docstring import doc_entries, sections
from compose.registry.python_place import place_of_argument, place_of_class, place_of_field

Ports = tuple[Port, ...]

TENSOR = '`Float[Tensor, "b d"]`, or another of jaxtyping\'s annotations'
MODULE = "torch.nn.modules.module"
DIMS = "letters or words that stand for sizes, such as `b c h w`; `*d` for any number of them"
METHOD = "`def forward(self, ...)`, which returns what it computes"
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
    if wrong := not_called_so(cls, forward):
        mistakes.append(wrong)
        return (), ()
    hints = hints_of(forward, mistakes)
    doc = sections(forward.__doc__)
    inputs = _inputs(forward, hints, doc_entries(doc.get("Args", "")), mistakes)
    if "return" not in forward.__annotations__:
        message = f"what `forward` of `{cls.__name__}` returns has no annotation"
        wraps = "; `@functools.wraps` in the decorator around it" if forward.__name__ != "forward" else ""
        mistakes.append(mistake(message, place_of_argument(forward, "return"), f"{RESULT}{wraps}"))
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
            if wrong := _misdeclared(port, parameter):
                mistakes.append(mistake(wrong[0], place(forward, name), wrong[1]))
        elif name in hints:
            message = f"the port `{name}` is no tensor, but `{hint_text(hints[name])}`"
            mistakes.append(mistake(message, place(forward, name), f"{TENSOR}; `list[...]` of one for many tensors"))
    return tuple(ports)


def _outputs(forward: Any, hint: Any, doc: str, mistakes: list[SpecError]) -> Ports:
    if not hasattr(hint, "_fields"):
        port = _port("out", hint, doc)
        place = place_of_argument(forward, "return")
        if port is not None and (wrong := _misdeclared_output(port)):
            mistakes.append(mistake(wrong, place, RESULT))
        if port is None:
            is_tuple = tuple in (hint, get_origin(hint))
            what = "a plain tuple, whose ports have no names" if is_tuple else "no tensor"
            message = f"`forward` returns {what}: `{hint_text(hint)}`"
            mistakes.append(mistake(message, place, RESULT))
        return (port,) if port else ()
    if not hint.__annotations__:
        message = f"the fields of `{hint.__name__}`, which `forward` returns, have no annotations"
        expected = "`class Out(NamedTuple):` with a line `name: Float[Tensor, ...]` for each port"
        mistakes.append(mistake(message, place_of_argument(forward, "return"), expected))
        return ()
    hints = hints_of(hint, mistakes)
    docs = doc_entries(sections(hint.__doc__).get("Attributes", ""))
    ports = []
    for name in hint._fields:
        port = _port(name, hints[name], docs.get(name, "")) if name in hints else None
        if port:
            ports.append(port)
            if wrong := _misdeclared_output(port):
                mistakes.append(mistake(wrong, place_of_field(hint, name), TENSOR))
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
        if len(arms) > 1:
            return None
    if get_origin(hint) is list:
        many, hint = True, get_args(hint)[0]
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if not _is_tensor(hint):
        return None
    dims, dtype = _shape(hint)
    return Port(name, dims, dtype, optional, many, doc)


def _misdeclared(port: Port, parameter: inspect.Parameter) -> tuple[str, str] | None:
    """What is wrong with an input port whose annotation is a tensor's, and what is expected."""
    wanted = f"`{port.name}: ... | None = None` for an input that may be left out"
    has_default = parameter.default is not parameter.empty
    if has_default and parameter.default is not None:
        return f"the port `{port.name}` has a default that is no None; a spec wires tensors alone", wanted
    if has_default != port.optional:
        lacks = "has the default None, which its annotation lacks" if has_default else "may be None, and has no default"
        return f"the port `{port.name}` {lacks}", wanted
    if wrong := unread_dims(port):
        return wrong, DIMS
    return None


def _misdeclared_output(port: Port) -> str | None:
    """What is wrong with an output port whose annotation is a tensor's."""
    if port.optional:
        return f"the port `{port.name}` may be None, but what reads it needs a tensor always"
    return unread_dims(port)


def unread_dims(port: Port) -> str | None:
    """What is wrong with the dims of a port."""
    wrong = next((dim for dim in port.dims or () if not dim_name(dim).is_readable), None)
    return wrong and f"the dim `{wrong}` of the port `{port.name}` is no name, number or sum of such"


def not_called_so(cls: Any, forward: Any) -> SpecError | None:
    """The error of a ``forward`` that is no method which returns tensors when it is called; None where it is one."""
    message, place = "", place_of_class(cls)
    if not inspect.isfunction(forward) or forward.__name__ == "<lambda>":
        message = f"`forward` of `{cls.__name__}` is no method"
    elif inspect.iscoroutinefunction(forward) or inspect.isasyncgenfunction(forward):
        message, place = f"`forward` of `{cls.__name__}` is `async`", place_of_argument(forward, "return")
    elif inspect.isgeneratorfunction(forward):
        message = f"`forward` of `{cls.__name__}` has a `yield`, so that it gives a generator and no tensor"
        place = place_of_argument(forward, "return")
    else:
        first = next(iter(inspect.signature(forward).parameters.values()), None)
        if first is None or first.annotation is not first.empty:
            message = f"the first argument of `forward` of `{cls.__name__}` is no `self`"
            place = place_of_argument(forward, first.name if first else "return")
    return mistake(message, place, METHOD) if message else None


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
