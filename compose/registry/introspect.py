"""Read a class's declaration off its signature: parameters, bound sizes, ports, docs."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from compose.block import BoundDim, Refers, Use, registration
from compose.registry.declaration import BoundSize, Declaration, Parameter, Port
from compose.registry.docstring import class_doc, entries, sections

RESERVED_KEYS = ("use", "in", "repeat", "carry", "collect", "share", "weight", "stage")
"""Keys of a node that are the framework's, so that no parameter may bear their names."""


def declare(cls: type) -> Declaration:
    """The declaration of a registered class.

    Raises:
        TypeError: an annotation is missing or says nothing that a spec could be checked against.
    """
    declared = registration(cls)
    told = class_doc(cls)
    parameters, sizes = _parameters(cls)
    inputs, outputs = _ports(cls) if declared.kind in ("block", "loss") else ((), ())
    return Declaration(
        kind=declared.kind,
        name=declared.name,
        module=cls.__module__,
        qualname=cls.__qualname__,
        summary=told.summary,
        doc=told.doc,
        reference=told.reference,
        deviates=told.deviates,
        parameters=parameters,
        sizes=sizes,
        inputs=inputs,
        outputs=outputs,
        gives=tuple(getattr(cls, "gives", ())),
        fixes=declared.fixes,
    )


# --- parameters ---------------------------------------------------------------------------------------------------


def constructors(cls: type) -> tuple[Any, ...]:
    """The ``__init__`` of a class, and those of its bases to which it hands on the rest (``**options``)."""
    found: list[Any] = []
    for base in cls.__mro__:
        init: Any = vars(base).get("__init__")
        if init is None:
            continue
        if getattr(init, "__module__", "torch").partition(".")[0] in ("torch", "builtins", "typing"):
            break  # the constructor of object, nn.Module or NamedTuple
        found.append(init)
        if not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(init).parameters.values()):
            break
    return tuple(found)


def _parameters(cls: type) -> tuple[tuple[Parameter, ...], tuple[BoundSize, ...]]:
    arguments: dict[str, tuple[inspect.Parameter, Any, str]] = {}
    for init in constructors(cls):
        for name, argument, hint, doc in _arguments(cls, init):
            arguments.setdefault(name, (argument, hint, doc))
    parameters, sizes = [], []
    for name, (argument, hint, doc) in arguments.items():
        bound = _marker(hint, BoundDim)
        if bound:
            sizes.append(BoundSize(name, bound.letter, bound.many))
        else:
            parameters.append(_parameter(name, hint, argument, doc))
    return tuple(parameters), tuple(sizes)


def _arguments(cls: type, init: Any) -> Iterator[tuple[str, inspect.Parameter, Any, str]]:
    """Name, argument, annotation and text of what a constructor takes by name."""
    hints = get_type_hints(init, include_extras=True)
    docs = {**entries(sections(cls.__doc__).get("Args", "")), **entries(sections(init.__doc__).get("Args", ""))}
    for name, argument in list(inspect.signature(init).parameters.items())[1:]:
        if argument.kind is argument.VAR_KEYWORD and init is not constructors(cls)[-1]:
            continue
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD) or name not in hints:
            raise TypeError(f"{cls.__qualname__}: `{name}` needs an annotation that a spec can be checked against")
        if name in RESERVED_KEYS:
            raise TypeError(f"{cls.__qualname__}: no parameter may be called `{name}`, a key of the spec language")
        yield name, argument, hints[name], docs.get(name, "")


def _parameter(name: str, hint: Any, argument: inspect.Parameter, doc: str) -> Parameter:
    required = argument.default is argument.empty
    use = _marker(hint, Use)
    adapter: TypeAdapter[Any] = TypeAdapter(Any if use else hint)
    default = None if required else adapter.dump_python(argument.default, mode="json")
    described: TypeAdapter[Any] = TypeAdapter(_opened(hint)) if use else adapter
    schema = draft7(described.json_schema(schema_generator=_Schema))
    named: Refers | None = _marker(hint, Refers)
    about = (named.what, named.needed) if named else ("", False)
    return Parameter(name, schema, required, default, doc, use.kind if use else None, *about)


def _opened(hint: Any) -> Any:
    """The hint of a parameter that takes ``{use: ...}``, or a list of such, without the classes of what is made."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arm for arm in get_args(hint) if _marker(arm, Use))
    bare = get_args(hint)[0] if get_origin(hint) is Annotated else None
    return Annotated[list[Any], *hint.__metadata__] if get_origin(bare) in (list, tuple) else Any


def _marker(hint: Any, kind: type) -> Any:
    """The marker of a kind in ``Annotated[...]``, also inside ``... | None``."""
    if get_origin(hint) in (Union, types.UnionType):
        return next((m for m in (_marker(arm, kind) for arm in get_args(hint)) if m), None)
    return next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, kind)), None)


class _Schema(GenerateJsonSchema):
    """Pydantic's schemas without the titles, which would repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def draft7(schema: Any) -> Any:
    """A 2020-12 schema in the words of draft-07 (tuples), keys of an enumeration each by itself, without titles."""
    if isinstance(schema, list):
        return [draft7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: draft7(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if "prefixItems" in out:
        out["items"] = out.pop("prefixItems")
    if "enum" in out.get("propertyNames", {}):  # keys of which an editor can offer each, and an error the nearest
        names, value = out.pop("propertyNames")["enum"], out.pop("additionalProperties", {})
        out |= {"properties": dict.fromkeys(names, value), "additionalProperties": False}
    if out.get("format") in ("path", "file-path", "directory-path"):
        del out["format"]
    return out


# --- ports --------------------------------------------------------------------------------------------------------


def _ports(cls: type) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    forward = cls.forward  # type: ignore[attr-defined]
    hints = get_type_hints(forward, include_extras=True)
    doc = sections(forward.__doc__)
    docs = entries(doc.get("Args", ""))
    names = list(inspect.signature(forward).parameters)[1:]
    missing = [name for name in [*names, "return"] if name not in hints]
    if missing:
        raise TypeError(f"{cls.__qualname__}.forward: `{missing[0]}` needs a jaxtyping annotation")
    inputs = tuple(_port(name, hints[name], docs.get(name, "")) for name in names)
    return inputs, _outputs(hints["return"], " ".join(doc.get("Returns", "").split()))


def _outputs(hint: Any, doc: str) -> tuple[Port, ...]:
    fields = getattr(hint, "_fields", None)
    if fields is None:
        return (_port("out", hint, doc),)
    hints = get_type_hints(hint, include_extras=True)
    docs = entries(sections(hint.__doc__).get("Attributes", ""))
    return tuple(_port(name, hints[name], docs.get(name, "")) for name in fields)


def _port(name: str, hint: Any, doc: str) -> Port:
    optional = many = False
    if get_origin(hint) in (Union, types.UnionType):
        arms = [arm for arm in get_args(hint) if arm is not type(None)]
        optional, hint = len(arms) < len(get_args(hint)), arms[0]
    if get_origin(hint) in (list, tuple):
        many, hint = True, get_args(hint)[0]
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    dims, dtype = _shape(hint)
    return Port(name, dims, dtype, optional, many, doc)


def _shape(hint: Any) -> tuple[tuple[str, ...] | None, str]:
    if not hasattr(hint, "dim_str"):
        return None, "any"
    dims = tuple(hint.dim_str.split())
    return (None if dims == ("...",) else dims), _dtype(hint.dtypes)


def _dtype(dtypes: Any) -> Literal["float", "int", "bool", "any"]:
    names = [dtypes] if isinstance(dtypes, str) else [str(name) for name in dtypes]
    if all("float" in name for name in names):
        return "float"
    if all("int" in name for name in names):
        return "int"
    return "bool" if all("bool" in name for name in names) else "any"
