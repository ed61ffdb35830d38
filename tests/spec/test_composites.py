"""Packaged composites as declarations, and a composite checked by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry, registry
from compose.spec.composites import check_composite, with_composites
from compose.spec.example import example
from compose.spec.layers import packaged as room
from compose.spec.layers.packaged import packaged_names, shown_file
from compose.spec.read import read_spec
from compose.spec.spec_text import SpecText


@pytest.mark.parametrize("name", packaged_names())
def test_each_is_right_by_itself(name: str) -> None:
    found = check_composite(shown_file(name), registry())
    assert found.notes == ()
    assert found.declaration == registry().find("composite", name)
    ports = [*found.declaration.inputs, *found.declaration.outputs]
    assert not [port.name for port in ports if not port.doc or port.dims is None]
    assert not [parameter.name for parameter in found.declaration.parameters if not parameter.schema]


def _declared(name: str) -> Declaration:
    found = registry().find("composite", name)
    assert found is not None
    return found


def test_what_one_declares() -> None:
    fpn = _declared("fpn")
    assert fpn.summary.startswith("Tell finer maps what coarser ones show")
    assert [(port.name, port.shape) for port in fpn.inputs] == [("maps", "list of 3: b ?c ?h ?w")]
    assert [(port.name, port.shape) for port in fpn.outputs] == [("maps", "list of 3: b c ?h ?w")]
    channels = fpn.parameter("channels")
    assert channels is not None
    assert (channels.default, channels.schema) == (256, {"type": "integer", "exclusiveMinimum": 0})
    assert example(fpn, registry()) == "model:\n  fpn: {use: fpn, in: [maps_1, maps_2, maps_3], channels: 256}"
    assert Declaration.from_json(fpn.to_json()) == fpn


PAIR = """\
description: |
  Two layers.

  Args:
    x: features, ``b d``.
    mask: which count.
    width: of both.
inputs: [x, mask, all]
params: {width: null, share: 0.1, heads: 2}
model:
  one: {use: linear, in: x, size: $width}
  two: {use: mlp, in: one, sizes: [$width, 4], dropout: $share}
  tokens: {use: multihead_attention, in: {query: x, mask: mask}, heads: $heads}
  sum: {use: add, in: [two, all.0, all.1]}
outputs: {sum: sum, both: [tokens, tokens.weights], all: all.1}
"""


def _check(tmp_path: Path, text: str) -> Declaration:
    path = tmp_path / "pair.yaml"
    path.write_text(text, encoding="utf-8")
    return check_composite(str(path), registry()).declaration


def test_ports_follow_from_what_the_nodes_do(tmp_path: Path) -> None:
    found = _check(tmp_path, PAIR)
    x, mask, all_ = found.inputs
    assert (x.dims, x.optional, x.many, x.doc) == (("b", "d"), False, False, "features, ``b d``.")
    assert (mask.dims, mask.optional, mask.many) == (None, True, False)
    assert (all_.optional, all_.many, all_.length) == (False, True, 2)
    assert [(port.name, port.many, port.length) for port in found.outputs] == [
        ("sum", False, None), ("both", True, 2), ("all", False, None),
    ]  # fmt: skip


def test_the_types_of_parameters_follow_from_where_they_stand(tmp_path: Path) -> None:
    width, share, heads = _check(tmp_path, PAIR).parameters
    assert (width.required, width.doc) == (True, "of both.")
    assert width.schema == {"type": "integer", "exclusiveMinimum": 0}
    assert (share.required, share.default) == (False, 0.1)
    assert share.schema == {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
    assert heads.schema == {"type": "integer", "exclusiveMinimum": 0}


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("use: linear, in: x", "use: linaer, in: x", "unknown-block", 11),
        ("size: $width", "sise: $width", "unknown-parameter", 11),
        ("size: $width", "size: few", "wrong-type", 11),
        ("size: $width", "size: $widht", "unknown-parameter", 11),
        ("in: one", "in: oen", "unknown-node", 12),
        ("heads: 2}", "heads: few}", "wrong-type", 13),
        ("  two: {use: mlp", "  in: {use: mlp", "reserved-name", 12),
        ("outputs: {", "outputs: {some: sun, ", "unknown-node", 15),
        ("outputs: {sum: sum", "outputs: {sum: 3", "wrong-type", 15),
        ("inputs: [x, mask, all]", "inputs: x", "wrong-type", 8),
        ("inputs: [x, mask, all]\n", "", "missing-key", 1),
        ("params:", "parms:", "unknown-key", 9),
    ],
)
def test_a_mistake_stands_at_its_line(tmp_path: Path, old: str, new: str, code: str, line: int) -> None:
    assert old in PAIR
    with pytest.raises(SpecErrors) as caught:
        _check(tmp_path, PAIR.replace(old, new, 1))
    assert (code, line) in [(error.code, error.place and error.place.line) for error in caught.value.errors]


def test_a_file_must_not_have_the_name_of_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "linear.yaml").write_text(PAIR, encoding="utf-8")
    monkeypatch.setattr(room, "_folder", lambda: tmp_path)
    room.packaged.cache_clear()
    known = Registry([d for d in registry().all() if d.kind != "composite"])
    try:
        with pytest.raises(SpecErrors, match="there is a block `linear` already"):
            with_composites(known)
    finally:
        room.packaged.cache_clear()


SPEC = """\
extends: zoo/starter.yaml
model:
  more: {use: convolution, in: backbone.last, channels: 8}
  fpn: {use: fpn, in: FEEDS, channels: 8}
  pyramid: {in: fpn, level_channels: null}
"""


@pytest.mark.parametrize("feeds", ["[backbone.last, more]", "[backbone.last, more, more, more]", "more"])
def test_a_list_of_another_length(feeds: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec(SpecText(SPEC.replace("FEEDS", feeds)))
    [error] = caught.value.errors
    assert (error.code, error.expected) == ("list-length", "a list of 3")
    assert error.place is not None
    assert error.place.line == 4


def test_a_list_goes_in_and_comes_out(tmp_path: Path) -> None:
    plan = read_spec(SpecText(SPEC.replace("FEEDS", "[backbone.last, more, more]"))).plan
    pyramid = next(step for step in plan.steps if step.name == "pyramid")
    assert [str(ref) for ref in pyramid.inputs["maps"]] == ["fpn.smooth0", "fpn.smooth1", "fpn.smooth2"]
    one = SPEC.replace("FEEDS", "[backbone.last, more, more]").replace("in: fpn,", "in: fpn.maps.1,")
    pyramid = next(step for step in read_spec(SpecText(one)).plan.steps if step.name == "pyramid")
    assert [str(ref) for ref in pyramid.inputs["maps"]] == ["fpn.smooth1"]
    with pytest.raises(SpecErrors, match=r"`fpn\.maps` holds 3 tensors"):
        read_spec(SpecText(one.replace("maps.1", "maps.3")))


def test_what_a_composite_is_told_by_its_ports() -> None:
    """A step knows the nodes that it is part of, and what feeds them."""
    plan = read_spec(SpecText(SPEC.replace("FEEDS", "[backbone.last, more, more]"))).plan
    step = next(step for step in plan.steps if step.name == "fpn.step1.lateral")
    assert [around.name for around in step.within] == ["fpn", "fpn.step1"]
    assert [str(ref) for ref in step.within[0].inputs["maps"]] == ["backbone.last", "more", "more"]
    assert step.within[1].use.message == "`fpn.step1` uses the block `fpn_step`"
