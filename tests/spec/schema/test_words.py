"""Schemas and values in words."""

from __future__ import annotations

from typing import Any

import pytest

from compose.spec.schema.words import hint, shown, words

INT = {"type": "integer", "exclusiveMinimum": 0}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (INT, "an integer > 0"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "a number ≥ 0 and < 1"),
        ({"anyOf": [INT, {"type": "null"}]}, "an integer > 0 or null"),
        ({"anyOf": [{"type": "string"}, INT, {"type": "null"}]}, "text, an integer > 0 or null"),
        ({"type": "array", "items": INT}, "a list of integers > 0"),
        ({"type": "array", "items": [INT, INT], "minItems": 2, "maxItems": 2}, "a list of 2 integers > 0"),
        ({"type": "array", "items": [INT, {"type": "string"}]}, "a list of 2: an integer > 0, text"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "a list of any of a, b"),
        ({"enum": ["auto", 16, None, True]}, "one of auto, 16, null, true"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "a mapping of names to numbers"),
        ({"type": ["object", "null"]}, "a mapping or null"),
        ({"$ref": "#/definitions/optimizer"}, "{use: OPTIMIZER, ...}"),
        ({"type": "integer", "multipleOf": 2}, "an integer, a multiple of 2"),
    ],
)
def test_what_a_schema_asks_for(schema: dict[str, Any], expected: str) -> None:
    assert words(schema) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "empty"),
        (True, "true"),
        (5e-5, "5e-05"),
        (float("-inf"), "-.inf"),
        ("x" * 80, f"the text `{'x' * 57}...`"),
        ([], "an empty list"),
        ([1, 2], "a list of 2"),
        ({}, "a mapping"),
    ],
)
def test_how_a_value_is_shown(value: Any, expected: str) -> None:
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("value", "kind", "quoted", "expected"),
    [
        ("yes", "boolean", False, "`yes` is text in YAML 1.2; write true"),
        ("Off", "boolean", False, "`Off` is text in YAML 1.2; write false"),
        ("true", "boolean", True, "what stands in quotes is text; write true"),
        ("3", "integer", True, "what stands in quotes is text; write 3"),
        ("5e-5", "number", True, "what stands in quotes is text; write 5e-5"),
        ("1_000", "integer", False, "a number with `_` is text in YAML 1.2; write 1000"),
        ("None", "null", False, "`None` is text; write null"),
        ("yes", "integer", False, None),
        ("seven", "integer", False, None),
        (3, "boolean", False, None),
    ],
)
def test_hints(value: Any, kind: str, quoted: bool, expected: str | None) -> None:
    assert hint(value, {"anyOf": [{"type": "object"}, {"type": kind}]}, quoted=quoted) == expected
