"""The files in specs/ are what the code declares today; `compose schema` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
import yaml

from compose.registry.declaration import Declaration
from compose.registry.registry import Registry, live_declarations, registry
from compose.spec.composites import with_composites
from compose.spec.layers.spec_files import find_spec, zoo_names
from compose.spec.schema.publish import index_text, schema_text
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import plain

SPECS = files("compose.specs")


@pytest.fixture(scope="module")
def live() -> list[Declaration]:
    return with_composites(Registry(live_declarations())).all()


def test_the_index_is_what_the_code_declares(live: list[Declaration]) -> None:
    assert SPECS.joinpath("blocks.json").read_text("utf-8") == index_text(live)


def test_the_schema_is_what_the_code_declares(live: list[Declaration]) -> None:
    assert SPECS.joinpath("spec.schema.json").read_text("utf-8") == schema_text(Registry(live))


def test_the_stored_registry_is_the_live_one(live: list[Declaration]) -> None:
    assert Registry(live).all() == [Declaration.from_json(json.loads(json.dumps(d.to_json()))) for d in live]
    assert [d for d in registry().all() if d.module.startswith("compose.")] == Registry(live).all()


def test_texts_do_not_depend_on_the_order_of_discovery() -> None:
    declarations = registry().all()
    assert index_text(reversed(declarations)) == index_text(declarations)
    assert schema_text(Registry(declarations[::-1])) == schema_text(Registry(declarations))


def _schemas(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _schemas(inner)


def test_the_schema_is_draft_07_with_no_loose_end() -> None:
    validator = pytest.importorskip("jsonschema").Draft7Validator
    schema = json.loads(schema_text(registry()))
    validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert not [inner for inner in _schemas(schema) if "oneOf" in inner]
    for inner in _schemas(schema):
        target: Any = schema
        for step in inner["$ref"].removeprefix("#/").split("/") if isinstance(inner.get("$ref"), str) else ():
            target = target[step]


@pytest.mark.parametrize("name", zoo_names())
def test_the_specs_of_the_zoo_fit_the_schema(name: str) -> None:
    validator = pytest.importorskip("jsonschema").Draft7Validator(json.loads(schema_text(registry())))
    assert [error.message for error in validator.iter_errors(plain(load_file(find_spec(name))))] == []


@pytest.mark.parametrize("name", zoo_names())
def test_the_specs_of_the_zoo_name_the_schema(name: str) -> None:
    text = find_spec(name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("# yaml-language-server: ")]
    assert lines == [f"# yaml-language-server: $schema={'../' * name.count('/')}specs/spec.schema.json"]
    assert yaml.safe_load(text)
