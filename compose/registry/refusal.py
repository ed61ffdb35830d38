"""What a class refuses of its parameters before it is made: by the function that its decorator names as ``check``."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from compose.block import BlockError
from compose.errors import SpecError, SpecErrors
from compose.registry.contract import mistake
from compose.registry.declaration import Declaration
from compose.registry.python_place import file_of, place_in_traceback
from compose.registry.user_code import exception_text


def checked(declaration: Declaration) -> tuple[str, ...]:
    """The parameters that the check of a class looks at; none where it has no check."""
    return tuple(inspect.signature(_check(declaration.check)).parameters) if declaration.check else ()


def refusal(declaration: Declaration, values: Mapping[str, Any]) -> BlockError | None:
    """Why a class refuses some values of its parameters, or None.

    Args:
        declaration: the class.
        values: what a spec sets; the other parameters have their defaults. All are of the types that they must have.
    """
    known = {parameter.name: parameter for parameter in declaration.parameters}
    given = {name: values.get(name) for name in checked(declaration)}
    filled = {name: known[name].default if value is None else value for name, value in given.items()}
    try:
        if filled:
            _check(declaration.check)(**filled)
    except BlockError as error:
        return error
    except Exception as error:  # the check is code of the user's, too
        raise SpecErrors([_check_fails(declaration, error)]) from error
    return None


def _check_fails(declaration: Declaration, error: Exception) -> SpecError:
    """The error of a check that raises something else than a ``BlockError``, at its line."""
    function = _check(declaration.check)
    told = f"the check of `{declaration.name}` fails: {exception_text(error)}"
    place = place_in_traceback(error.__traceback__, file_of(function) or "")
    return mistake(told, place, "a `BlockError` for what it refuses")


@cache
def _check(path: str) -> Callable[..., object]:
    module, _, name = path.partition(":")
    found: Callable[..., object] = getattr(importlib.import_module(module), name)
    return found
