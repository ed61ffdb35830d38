"""Null inside values that are only known by their schema, and where the name of the part is not known."""

from __future__ import annotations

from typing import Any

import pytest

from compose.registry.registry import Registry
from compose.spec.layers.merge import set_at
from compose.spec.layers.null import settle
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, Scalar, plain

from ..conftest import DECLARATIONS, INT, declared, maybe, parameter

INNER = {"type": "object", "properties": {"may": maybe(INT), "not": INT}}
OUTER = {"type": "object", "properties": {"of": INNER}, "additionalProperties": maybe(INT)}
DEEP = declared("block", "deep", parameter("options", OUTER, {}), parameter("either", {"anyOf": [INT, OUTER]}, {}))


def settled(text: str) -> Any:
    tree = load_text(text, "test")
    assert isinstance(tree, Mapping)
    return plain(settle(tree, Registry([*DECLARATIONS, DEEP])).tree)


@pytest.mark.parametrize("name", ["options", "either"])
def test_null_in_a_mapping_follows_the_schema_at_every_depth(name: str) -> None:
    given = f"model: {{a: {{use: deep, {name}: {{of: {{may: null, not: null, other: null}}, any: null}}}}}}"
    assert settled(given) == {"model": {"a": {"use": "deep", name: {"of": {"may": None}, "any": None}}}}


@pytest.mark.parametrize(
    ("data", "left"),
    [
        ("{use: unheard_of, size: null, other: 3}", {"use": "unheard_of", "other": 3}),
        ("{use: null, size: null}", {"use": None}),
    ],
)
def test_null_of_what_is_not_known_goes_and_null_for_its_name_stays(data: str, left: Any) -> None:
    """The schema check then tells what is wrong with the name, and no more."""
    assert settled(f"data: {data}") == {"data": left}


@pytest.mark.parametrize("step", [-1, 2])
def test_a_value_is_laid_over_an_item_that_the_list_has(step: int) -> None:
    tree = load_text("[a, b]", "test")
    with pytest.raises(KeyError):
        set_at(tree, (step,), Scalar(tree.place, "c"))
    assert plain(set_at(tree, (1,), Scalar(tree.place, "c"))) == ["a", "c"]
