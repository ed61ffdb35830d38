"""Which values of a spec break a JSON Schema, each at its own place.

The schemas are those of the published file, so that an editor and the command line agree; a test holds this against the
``jsonschema`` package. What a reference points to is left open: it is chosen by a ``use:``, and checked there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Literal

from compose.spec.schema.node_keys import Schema
from compose.spec.yaml.tree import Mapping, Path, Scalar, Sequence, Tree, plain

Code = Literal["wrong-type", "wrong-value", "out-of-range", "bad-name", "unknown", "missing"]


@dataclass(frozen=True)
class Fault:
    """A value that breaks a schema.

    Args:
        code: how.
        path: the way to the value, from the one that was checked.
        tree: the value; for an unknown or missing key the mapping around it.
        schema: what the value should be.
        key: the unknown or missing key.
    """

    code: Code
    path: Path
    tree: Tree
    schema: Schema
    key: str = ""


def faults(tree: Tree, schema: Schema, path: Path = ()) -> Iterator[Fault]:
    """Every fault of a value, the deepest that says what is wrong."""
    for part in schema.get("allOf", ()):
        yield from faults(tree, part, path)
    if "anyOf" in schema:
        yield from _of_none(tree, schema, path)
    code = _own(tree, schema)
    if code:
        yield Fault(code, path, tree, schema)
    elif isinstance(tree, Sequence):
        yield from _items(tree, schema, path)
    elif isinstance(tree, Mapping):
        yield from _keys(tree, schema, path)


def _of_none(tree: Tree, schema: Schema, path: Path) -> Iterator[Fault]:
    """The faults of a value that none of several schemas takes: by the one that takes its type, if only one does."""
    found = [list(faults(tree, arm, path)) for arm in schema["anyOf"]]
    if not all(found):
        return
    near = [arm for arm in found if not any(fault.path == path and fault.code == "wrong-type" for fault in arm)]
    if len(near) != 1:
        code = near[0][0].code if near else "wrong-type"
        yield Fault(code, path, tree, schema)
        return
    for fault in near[0]:
        whole = fault.path == path and fault.code in ("wrong-value", "out-of-range", "bad-name")
        yield replace(fault, schema=schema) if whole else fault


def _own(tree: Tree, schema: Schema) -> Code | None:
    """How the value itself breaks the schema, apart from what is in it."""
    kind = schema.get("type")
    if kind and not any(_is(tree, name) for name in (kind if isinstance(kind, list) else [kind])):
        return "wrong-type"
    value = plain(tree) if isinstance(tree, Scalar) or "enum" in schema or "const" in schema else None
    if "enum" in schema and not any(_same(value, option) for option in schema["enum"]):
        return "wrong-value" if any(type(option) is type(value) for option in schema["enum"]) else "wrong-type"
    if "const" in schema and not _same(value, schema["const"]):
        return "wrong-value"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return "bad-name"
    return "out-of-range" if any(not holds for holds in _bounds(tree, schema)) else None


def _is(tree: Tree, kind: str) -> bool:
    if not isinstance(tree, Scalar):
        return kind == ("array" if isinstance(tree, Sequence) else "object")
    value = tree.value
    match kind:
        case "integer":
            return isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
    return kind == "null" and value is None


def _same(value: Any, option: Any) -> bool:
    return value == option and isinstance(value, bool) == isinstance(option, bool)


def _bounds(tree: Tree, schema: Schema) -> Iterator[bool]:
    """For each bound of the schema, whether the value keeps it; not-a-number keeps none."""
    size: Any = None
    match tree:
        case Scalar(value=int() | float() as size) if not isinstance(size, bool):
            names = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        case Scalar(value=str(text)):
            size, names = len(text), ("minLength", "maxLength", "", "")
        case Sequence():
            size, names = len(tree.items), ("minItems", "maxItems", "", "")
        case Mapping():
            size, names = len(tree.items), ("minProperties", "maxProperties", "", "")
        case _:
            return
    least, most, above, below = names
    yield least not in schema or size >= schema[least]
    yield most not in schema or size <= schema[most]
    yield above not in schema or size > schema[above]
    yield below not in schema or size < schema[below]
    if above and "multipleOf" in schema:
        parts = size / schema["multipleOf"]
        yield isfinite(parts) and abs(parts - round(parts)) < 1e-9 * max(1, abs(parts))


def _items(tree: Sequence, schema: Schema, path: Path) -> Iterator[Fault]:
    listed, rest = schema.get("items", {}), schema.get("additionalItems", {})
    if rest is False and isinstance(listed, list) and len(tree.items) > len(listed):
        yield Fault("out-of-range", path, tree, schema)
        return
    for index, item in enumerate(tree.items):
        one = listed if isinstance(listed, dict) else listed[index] if index < len(listed) else rest
        yield from faults(item, one, (*path, index))


def _keys(tree: Mapping, schema: Schema, path: Path) -> Iterator[Fault]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for key, value in tree.items.items():
        if not re.search(schema.get("propertyNames", {}).get("pattern", ""), key):
            yield Fault("bad-name", path, tree, schema["propertyNames"], key)
        elif key in known:
            yield from faults(value, known[key] if isinstance(known[key], dict) else {}, (*path, key))
        elif others is False:
            yield Fault("unknown", path, tree, schema, key)
        elif isinstance(others, dict):
            yield from faults(value, others, (*path, key))
    for key in schema.get("required", ()):
        if key not in tree.items:
            yield Fault("missing", path, tree, schema, key)
