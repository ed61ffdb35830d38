"""Turn the values of a spec into constructor arguments: types converted, nested ``{use: ...}`` constructed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from compose.block import BlockError, Kind
from compose.registry.declaration import Declaration
from compose.registry.user_path import expanded, unusable

if TYPE_CHECKING:
    from compose.registry.registry import Registry


def arguments(registry: Registry, cls: type, declaration: Declaration, values: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments for a class's constructor.

    Raises:
        BlockError: a value does not have the type that its annotation asks for.
    """
    hints = _hints(cls)
    converted: dict[str, Any] = {}
    for name, value in values.items():
        parameter = declaration.parameter(name)
        if parameter is None:
            converted[name] = value
        elif parameter.uses and value is None:
            converted[name] = None
        elif parameter.uses and isinstance(value, dict):
            converted[name] = _nested(registry, name, parameter.uses, value)
        else:
            converted[name] = _convert(name, hints[name], value)
    return converted


def _nested(registry: Registry, name: str, kind: Kind, value: dict[str, Any]) -> Any:
    rest = {key: inner for key, inner in value.items() if key != "use"}
    try:
        return registry.construct(kind, value["use"], rest)
    except BlockError as error:
        path = f"{name}.{error.parameter}" if error.parameter else name
        raise BlockError(str(error), parameter=path) from None


@cache
def _hints(cls: type) -> dict[str, Any]:
    from compose.registry.parameters import constructors

    found: dict[str, Any] = {}
    for init in reversed(constructors(cls)):
        found |= get_type_hints(init, include_extras=True)
    return found


def _convert(name: str, hint: Any, value: Any) -> Any:
    try:
        found = expanded(TypeAdapter(hint).validate_python(value))
    except ValidationError as error:
        first = error.errors()[0]
        raise BlockError(f"{first['msg']}, got {value!r}", parameter=name) from None
    if why := unusable(found):
        raise BlockError(why, parameter=name)
    return found
