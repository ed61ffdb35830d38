"""Read the parameters of a class off its constructor: what a spec may set, and what is bound from shapes."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import SchemaError

from compose.block import BoundDim, Dim, Dims, MayChange, Refers, Use
from compose.errors import SpecError
from compose.registry.contract import hint_text, hints_of, mistake
from compose.registry.declaration import PATH, BoundSize, Parameter
from compose.registry.docstring import doc_entries, sections
from compose.registry.python_place import place_of_argument

RESERVED_KEYS = ("use", "in", "repeat", "carry", "collect", "share", "weight", "stage")
"""Keys of a node that are the framework's, so that no parameter may bear their names."""

ANNOTATION = 'a type that a spec can be checked against, such as `int`, or `Dim[int, " d"]` for a size of the ports'

LONGEST = 60
"""How many characters of a value a message shows."""
LETTER = '`Dim[int, " d"]`; `Dims[tuple[int, ...], " c"]` for several'


@dataclass(frozen=True)
class _Argument:
    """An argument of a constructor, with its annotation and text."""

    init: Any
    name: str
    parameter: inspect.Parameter
    hint: Any
    doc: str


def read_parameters(cls: type, mistakes: list[SpecError]) -> tuple[tuple[Parameter, ...], tuple[BoundSize, ...]]:
    """What a spec may set of a class, and what is bound from shapes.

    Args:
        cls: the class.
        mistakes: where what is missing or means nothing is added.
    """
    arguments: dict[str, _Argument] = {}
    for init in constructors(cls):
        for argument in _arguments(cls, init, mistakes):
            arguments.setdefault(argument.name, argument)
    parameters, sizes = [], []
    for name, argument in arguments.items():
        bound = _marker(argument.hint, BoundDim)
        if bound:
            has_default = argument.parameter.default is not argument.parameter.empty
            mistakes += _unfit_default(argument) if has_default else []
            sizes.append(BoundSize(name, bound.letter, bound.many, has_default))
        elif parameter := _parameter(argument, mistakes):
            parameters.append(parameter)
    return tuple(parameters), tuple(sizes)


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


def argument_of(cls: type, name: str) -> Any:
    """The constructor that takes an argument of this name."""
    return next(init for init in constructors(cls) if name in inspect.signature(init).parameters)


def _arguments(cls: type, init: Any, mistakes: list[SpecError]) -> Iterator[_Argument]:
    """What a constructor takes by name."""
    hints = hints_of(init, mistakes)
    docs = {**doc_entries(sections(cls.__doc__).get("Args", "")), **doc_entries(sections(init.__doc__).get("Args", ""))}
    for name, parameter in list(inspect.signature(init).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD and init is not constructors(cls)[-1]:
            continue
        if refused := _refused(cls, name, parameter, annotated=name in init.__annotations__):
            mistakes.append(mistake(refused[0], place_of_argument(init, name), refused[1]))
        elif name in hints and (wrong := _no_letter(name, hints[name])):
            mistakes.append(mistake(wrong, place_of_argument(init, name), LETTER))
        elif name in hints:
            yield _Argument(init, name, parameter, hints[name], docs.get(name, ""))


def _refused(cls: type, name: str, parameter: inspect.Parameter, *, annotated: bool) -> tuple[str, str] | None:
    """Why an argument can be no parameter of a spec, and what is expected."""
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
        message = f"`{str(parameter).partition(':')[0]}` of `{cls.__name__}` has no name that a spec could give it by"
        return message, "parameters with names of their own"
    if name in RESERVED_KEYS:
        message = f"no parameter of `{cls.__name__}` may be called `{name}`, a key of the spec language"
        return message, f"another name than {', '.join(RESERVED_KEYS)}"
    if not annotated:
        return f"`{name}` of `{cls.__name__}` has no annotation", ANNOTATION
    return None


def _no_letter(name: str, hint: Any) -> str | None:
    """What is wrong with a size that is bound to no letter."""
    bare = next((word for word, kind in (("Dim", Dim), ("Dims", Dims)) if hint is kind), None)
    return bare and f"`{bare}` of `{name}` says no letter of the ports, whose size it would be"


def _parameter(argument: _Argument, mistakes: list[SpecError]) -> Parameter | None:
    name, hint, default = argument.name, argument.hint, argument.parameter.default
    required = default is argument.parameter.empty
    use = _marker(hint, Use)
    if not (required or use) and (unfit := _unfit_default(argument)):
        mistakes += unfit
        return None
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(Any if use else hint)
        shown = None if required else adapter.dump_python(default, mode="json")
        described: TypeAdapter[Any] = TypeAdapter(_opened(hint)) if use else adapter
        schema = draft7(described.json_schema(schema_generator=_Schema))
    except Exception as error:  # pydantic has many, and calls functions of the annotation's own types
        mistakes.append(_not_of_yaml(argument, error))
        return None
    named: Refers | None = _marker(hint, Refers)
    about = (named.what, named.needed) if named else ("", False)
    return Parameter(
        name, schema, required, shown, argument.doc, use.kind if use else None, *about, may_change=_may_change(hint)
    )


def _may_change(hint: Any) -> Literal["", "any", "path"]:
    if _marker(hint, MayChange):
        return "any"
    return "path" if _holds_path(hint) else ""


def _holds_path(hint: Any) -> bool:
    return hint is Path or any(map(_holds_path, get_args(hint)))


def _not_of_yaml(argument: _Argument, error: Exception) -> SpecError:
    """The error of an annotation that no value of a spec can have, or that contradicts itself."""
    place = place_of_argument(argument.init, argument.name)
    if isinstance(error, TypeError | SchemaError):
        told = str(error).strip().splitlines()[-1].strip()
        return mistake(f"the annotation of `{argument.name}` contradicts itself: {told}", place)
    message = f"no spec can set `{argument.name}`: YAML has no value for `{hint_text(argument.hint)}`"
    return mistake(message, place, ANNOTATION)


def _unfit_default(argument: _Argument) -> list[SpecError]:
    """The error of a default that the parameter's own annotation refuses; none where that is no type of a spec's."""
    default = argument.parameter.default
    try:
        TypeAdapter(argument.hint).validate_python(default)
    except ValidationError as error:
        told = error.errors()[0]["msg"]
        message = f"the default of `{argument.name}` is {shown_value(default)}, which its annotation refuses: {told}"
        optional = f"; `{hint_text(argument.hint)} | None` for a parameter that may be None" if default is None else ""
        expected = f"a value of `{hint_text(argument.hint)}`{optional}"
        return [mistake(message, place_of_argument(argument.init, argument.name), expected)]
    except Exception:  # an annotation that pydantic does not read is told as such
        return []
    return []


def shown_value(value: Any) -> str:
    """A value as Python writes it, its length bounded."""
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


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
    if out.get("format") in ("file-path", "directory-path"):
        out["format"] = PATH
    return out
