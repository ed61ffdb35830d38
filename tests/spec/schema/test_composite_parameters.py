"""The types of a composite's parameters follow from where ``$name`` stands."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator

from compose.registry.registry import Registry
from compose.spec.schema.composite_parameters import CompositeParameters
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping

INT = {"type": "integer", "exclusiveMinimum": 0}


def _schema(known: Registry, nodes: str, others: str = "") -> Any:
    text = f"own: {{inputs: [x], params: {{p: null}}, model: {{{nodes}}}, outputs: a}}\n{others}"
    tree = load_text(text, "composites")
    assert isinstance(tree, Mapping)
    [parameter] = CompositeParameters(known, tree.items).of("own")
    assert parameter.required
    return parameter.schema


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("a: {use: mixer, in: [x, x], width: $p}", INT),
        ("a: {use: encoder, in: x, kernel: $p}", INT),  # null says that there is no default
        ("a: {use: forward_pyramid, in: x, channels: 3, level_channels: [$p, 4]}", INT),
        ("a: {use: channel_groups, in: x, shuffle: $p}", {"type": "string", "enum": ["interleave", "random", "none"]}),
        ("a: {use: mixer, in: $p}", {}),
        ("a: {use: nowhere, in: x, width: $p}", {}),
        ("a: {use: mixer, in: x, nothing: $p}", {}),
        ("a: 3", {}),
    ],
)
def test_one_place(known: Registry, nodes: str, expected: Any) -> None:
    assert _schema(known, nodes) == expected


def test_a_count(known: Registry) -> None:
    schema = _schema(known, "a: {use: mixer, in: [x, x], repeat: $p, carry: [x], width: $p}")
    assert schema == {"type": "integer", "minimum": 1, "maximum": 1000}
    assert [Draft7Validator(schema).is_valid(value) for value in (0, 1, 1000, 1001)] == [False, True, True, False]


def test_places_that_ask_for_different_things(known: Registry) -> None:
    schema = _schema(known, "a: {use: mixer, in: [x, x], width: $p}, b: {use: channel_groups, in: x, shuffle: $p}")
    assert not any(map(Draft7Validator(schema).is_valid, (3, "none", None)))
    wide = _schema(known, "a: {use: mixer, in: [x, x], width: $p}, b: {use: channel_groups, in: x, groups: $p}")
    assert wide == INT


def test_through_another_composite(known: Registry) -> None:
    inner = "inner: {inputs: [x], params: {q: 3}, model: {b: {use: mixer, in: [x, x], width: $q}}, outputs: b}"
    assert _schema(known, "a: {use: inner, in: x, q: $p}", inner) == INT
    assert _schema(known, "a: {use: own, in: x, p: $p}") == {}
