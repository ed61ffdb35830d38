"""The packaged composites that a spec names are written into its blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import Registry, registry
from compose.spec.layers.packaged import packaged_names, with_packaged
from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import zoo_names
from compose.spec.read import read_spec
from compose.spec.schema.document import spec_schema
from compose.spec.spec_text import SpecText
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, plain
from compose.spec.yaml.writer import dump

SPEC = """\
extends: zoo/starter.yaml
model:
  se: {use: squeeze_excitation, in: backbone.last, hidden: 4}
  pyramid: {in: se, level_channels: null}
"""


def _blocks(text: str, known: Registry | None = None) -> dict[str, Any]:
    tree = load_text(text, "spec.yaml")
    assert isinstance(tree, Mapping)
    found: dict[str, Any] = plain(with_packaged(tree, known or registry())).get("blocks", {})
    return found


def test_the_index_has_all_of_them() -> None:
    assert registry().names("composite") == packaged_names()
    assert not [name for name in zoo_names() if "composites" in name]


def test_what_is_named_is_written_out_with_what_it_names_itself() -> None:
    assert list(_blocks("model: {node: {use: fpn, in: x}}")) == ["fpn", "fpn_step"]


def test_a_spec_that_names_none_stays_as_it_is() -> None:
    tree = load_text("model: {node: {use: linear, in: x}}", "spec.yaml")
    assert isinstance(tree, Mapping)
    assert with_packaged(tree, registry()) is tree


def test_one_that_is_named_in_a_composite_of_the_spec() -> None:
    own = "blocks: {own: {inputs: [x], model: {a: {use: cbam, in: x}}, outputs: a}}"
    assert list(_blocks(own)) == ["own", "cbam"]


def test_the_spec_has_its_own_way_with_a_name() -> None:
    found = _blocks("model: {node: {use: cbam, in: x}}\nblocks: {cbam: {inputs: [x], outputs: x}}")
    assert found == {"cbam": {"inputs": ["x"], "outputs": "x"}}


def test_a_block_comes_first() -> None:
    """Such as a user's own."""
    linear = registry().find("block", "linear")
    assert linear is not None
    known = Registry([*registry().all(), replace(linear, name="cbam")])
    assert _blocks("model: {node: {use: cbam, in: x}}", known) == {}
    spec = {"data": {"use": "glyph_scenes"}, "model": {"node": {"use": "cbam", "in": "image", "size": 3}}}
    judge = pytest.importorskip("jsonschema").Draft7Validator
    assert judge(spec_schema(known)).is_valid(spec)
    assert not judge(spec_schema(registry())).is_valid(spec)


@pytest.mark.parametrize("text", ["model: 3", "blocks: [1]", "model: {a: {use: cbam}}\nblocks: 3", "model: {a: 2}"])
def test_what_is_no_mapping_is_left_to_the_schema_check(text: str) -> None:
    tree = load_text(text, "spec.yaml")
    assert isinstance(tree, Mapping)
    assert with_packaged(tree, registry()) is tree


def test_the_spec_reads_as_if_it_stood_in_it() -> None:
    spec = read_spec(SpecText(SPEC))
    written = dump(spec.values)
    again = read_spec(SpecText(written))
    assert "  squeeze_excitation:\n    description: |\n      Weigh the channels" in written
    assert again.values == spec.values
    assert [(s.name, s.params, s.inputs) for s in again.plan.steps] == [
        (s.name, s.params, s.inputs) for s in spec.plan.steps
    ]


def test_in_a_variant_and_an_override() -> None:
    variant = SPEC + "variants: {cbam: {model: {se: {use: cbam, hidden: 4}}}}\n"
    names = [step.name for step in read_spec(SpecText(variant), variants=["cbam"]).plan.steps]
    assert "se.place_logits" in names
    read_spec(SpecText(variant), all_variants=True)
    swapped = read_spec(SpecText(SPEC), overrides=["model.se={use: cbam, hidden: 4}"])
    assert "se.place_logits" in [step.name for step in swapped.plan.steps]
    assert "blocks" not in plain(resolve(SpecText(SPEC)).tree)


def test_what_a_composite_cannot_take_is_told_at_the_node() -> None:
    wrong = SPEC.replace("hidden: 4", "hidden: few, activatoin: relu")
    with pytest.raises(SpecErrors) as caught:
        read_spec(SpecText(wrong))
    told = [
        (error.code, error.message, error.place.line, error.nearest) for error in caught.value.errors if error.place
    ]
    assert told == [
        ("wrong-type", "`hidden` of the block `squeeze_excitation` is the text `few`", 3, None),
        ("unknown-parameter", "the block `squeeze_excitation` has no parameter `activatoin`", 3, "activation"),
    ]


def test_what_it_needs_is_told_at_its_name() -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec(SpecText(SPEC.replace(", hidden: 4", "")))
    [error] = caught.value.errors
    assert (error.code, str(error.place)) == ("missing-parameter", "<text>:3:13")
    assert error.expected is not None
    assert error.expected.startswith("`hidden`: an integer > 0 (width between the two linear layers")


def test_an_unknown_name_may_be_near_that_of_a_composite() -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec(SpecText(SPEC.replace("squeeze_excitation", "squeeze_excitatoin")))
    assert [error.nearest for error in caught.value.errors] == ["squeeze_excitation"]


@pytest.mark.parametrize("name", ["zoo/composites/fpn.yaml", "composites/fpn"])
def test_a_composite_is_no_spec(name: str) -> None:
    for text in (name, SpecText(f"extends: {name}\n")):
        with pytest.raises(SpecErrors) as caught:
            read_spec(text)
        [error] = caught.value.errors
        assert error.code == "is-composite"
        assert error.expected == "a spec that names it: `use: fpn`"
