"""Which values of a spec break a JSON Schema: what the ``jsonschema`` package finds, each at its own place.

The schemas are those of the published file, so that an editor and the command line agree. What a reference points to is
left open: it is chosen by a ``use:``, and checked there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from compose.spec.schema.node_keys import Schema
from compose.spec.yaml.reader import MAX_INTEGER
from compose.spec.yaml.tree import Mapping, Path, Tree, descend, plain

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

Code = Literal["wrong-type", "wrong-value", "bad-name", "out-of-range", "unknown", "missing"]

_CODES: dict[str, Code] = {
    "type": "wrong-type",
    "const": "wrong-value",
    "pattern": "bad-name",
    "additionalProperties": "unknown",
    "required": "missing",
}
"""What breaking a keyword is called; all other keywords are bounds."""
_TELLING: tuple[Code, ...] = ("wrong-type", "wrong-value", "bad-name", "out-of-range")
"""Of several things that are wrong with one value the first is told."""


@dataclass(frozen=True)
class Fault:
    """A value that breaks a schema.

    Args:
        code: how.
        path: the way to the value, from the one that was checked.
        tree: the value; for an unknown or missing key, and for a key that is no name, the mapping around it.
        schema: what the value should be.
        key: the key at fault.
    """

    code: Code
    path: Path
    tree: Tree
    schema: Schema
    key: str = ""


def faults(tree: Tree, schema: Schema) -> list[Fault]:
    """Every fault of a value, the deepest that says what is wrong; one for each value, one for each wrong key."""
    return _faults(tree, validator()(schema).iter_errors(plain(tree)))


@cache
def validator() -> type[Validator]:
    """The validator of draft-07 with references left open, in which numbers are those of JSON.

    A number is finite, and an integer is any number without a fraction, written ``3``, ``3.0`` or ``3e0``, that every
    reader of JSON keeps exactly.
    """
    from jsonschema import Draft7Validator, validators  # takes a third as long as all else that checking a spec imports

    extend: Callable[..., type[Validator]] = validators.extend
    kinds = {"number": _is_json_number, "integer": _is_json_integer}
    numbers = Draft7Validator.TYPE_CHECKER.redefine_many(kinds)
    return extend(Draft7Validator, {"$ref": _open, "pattern": _pattern}, type_checker=numbers)


def _is_json_number(checker: Any, value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and isfinite(value))


def _is_json_integer(checker: Any, value: Any) -> bool:
    return _is_json_number(checker, value) and value == int(value) and abs(value) <= MAX_INTEGER


def _open(*_: Any) -> tuple[()]:
    return ()


def _pattern(_: Validator, pattern: str, value: Any, schema: Schema) -> Iterator[ValidationError]:
    """As editors read it: `$` is the very end, and not before a line break as well."""
    from jsonschema.exceptions import ValidationError

    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _faults(tree: Tree, errors: Iterable[ValidationError]) -> list[Fault]:
    found: dict[tuple[Path, str], Fault] = {}
    for fault in (fault for error in errors for fault in _of(tree, error)):
        other = found.get((fault.path, fault.key))
        if other is None or _rank(fault) < _rank(other):
            found[fault.path, fault.key] = fault
    return sorted(found.values(), key=lambda fault: [*map(str, fault.path), fault.key])


def _rank(fault: Fault) -> int:
    return _TELLING.index(fault.code) if fault.code in _TELLING else 0


def _of(tree: Tree, error: ValidationError) -> Iterator[Fault]:
    """The faults that one error of ``jsonschema`` stands for."""
    keyword, path = str(error.validator), tuple(error.absolute_path)
    here, schema = descend(tree, path), error.schema
    value: Any = error.instance
    assert here is not None
    assert isinstance(schema, dict)
    if keyword == "anyOf":
        yield from _of_none(tree, error, Fault("wrong-type", path, here, schema))
    elif keyword == "required":
        yield from (Fault("missing", path, here, schema, key) for key in schema[keyword] if key not in value)
    elif keyword == "additionalProperties":
        known = schema.get("properties", {})
        yield from (Fault("unknown", path, here, schema, key) for key in value if key not in known)
    elif isinstance(here, Mapping) and isinstance(value, str):  # one of its keys, by `propertyNames`
        yield Fault("bad-name", path, here, schema, value)
    else:
        yield Fault(_code(keyword, value, schema), path, here, schema)


def _of_none(tree: Tree, error: ValidationError, whole: Fault) -> Iterator[Fault]:
    """The faults of a value that none of several schemas takes: by the one that takes its type, if only one does."""
    arms = groupby(error.context or (), key=lambda inner: inner.relative_schema_path[0])
    found = [_faults(tree, list(inner)) for _, inner in arms]
    near = [arm for arm in found if not any(f.path == whole.path and f.code == "wrong-type" for f in arm)]
    if len(near) != 1:
        yield replace(whole, code=near[0][0].code) if near else whole
        return
    for fault in near[0]:
        itself = fault.path == whole.path and not fault.key
        yield replace(fault, schema=whole.schema) if itself else fault


def _code(keyword: str, value: Any, schema: Schema) -> Code:
    if keyword == "enum":
        return "wrong-value" if any(type(option) is type(value) for option in schema["enum"]) else "wrong-type"
    return _CODES.get(keyword, "out-of-range")
