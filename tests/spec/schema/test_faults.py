"""Values against schemas: what is wrong, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.errors import Document, Place
from compose.spec.schema.faults import faults
from compose.spec.schema.node_keys import EXTRA_KEYS
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import graft

PLACE = Place(Document("test", ("",)), 1, 1)
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (3, {"type": "integer", "multipleOf": 2}, ["out-of-range"]),
        (3.0, {"type": "integer", "minimum": 3}, []),
        (-0.5, {"exclusiveMinimum": 0, "type": "integer"}, ["wrong-type"]),
        (True, {"type": "integer"}, ["wrong-type"]),
        (True, {"enum": [1, "a"]}, ["wrong-type"]),
        (1.0, {"enum": [1, "a"]}, []),
        ("b", {"enum": [1, "a"]}, ["wrong-value"]),
        ("b", {"type": "string", "const": "a"}, ["wrong-value"]),
        ("a\n", {"pattern": "^a$"}, ["bad-name"]),
        ("$a", {"pattern": r"^\$a$"}, []),
        ("a$b", {"pattern": r"a\$"}, []),
        (float("nan"), {"type": "number"}, ["wrong-type"]),
        (float("inf"), {"type": "number"}, ["wrong-type"]),
        (float("inf"), {"type": "integer"}, ["wrong-type"]),
        ("ab", {"type": "string", "maxLength": 1}, ["out-of-range"]),
        ({"a": 1}, {"type": "object", "additionalProperties": {"type": "string"}}, ["wrong-type"]),
        ({"a": 1, "b": 2}, {"additionalProperties": False}, ["unknown", "unknown"]),
        ({}, {"required": ["a", "b"]}, ["missing", "missing"]),
        ({"use": "x"}, {"$ref": "#/definitions/optimizer"}, []),
        ({"a b": 1}, {"propertyNames": {"pattern": "^[a-z]$"}}, ["bad-name"]),
        ([1, 2, 3], {"items": [{"type": "integer"}], "maxItems": 1}, ["out-of-range"]),
        ([1, 2], {"type": "array", "items": [{"type": "integer"}], "additionalItems": False}, ["out-of-range"]),
    ],
)
def test_verdicts(value: Any, schema: dict[str, Any], expected: list[str]) -> None:
    assert [fault.code for fault in faults(graft(value, PLACE), schema)] == expected


@pytest.mark.parametrize(
    ("text", "schema", "path"),
    [
        ("[1, x, 3]", {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}, (1,)),
        ("x", {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}, ()),
        ("{a: {b: 0}}", {"additionalProperties": {"additionalProperties": {"minimum": 1}}}, ("a", "b")),
        ("[[1], [x]]", {"items": {"type": "array", "items": {"type": "integer"}}}, (1, 0)),
        ("[a, [b, 5]]", EXTRA_KEYS["block"]["in"], (1, 1)),
    ],
)
def test_a_fault_is_as_deep_as_it_can_be(text: str, schema: dict[str, Any], path: tuple[Any, ...]) -> None:
    tree = load_text(text, "test")
    assert [fault.path for fault in faults(tree, schema)] == [path]
