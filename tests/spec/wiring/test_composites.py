"""Composite blocks, repeated nodes, shared weights."""

from __future__ import annotations

from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.spec.wiring.plan import Plan, refs


def _inputs(plan: Plan, name: str) -> dict[str, str]:
    step = next(step for step in plan.steps if step.name == name)
    return {port: ", ".join(map(str, refs(value))) for port, value in step.inputs.items()}


def _names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


# --- composite blocks ---------------------------------------------------------------------------------------------

LAYER = """\
blocks:
  layer:
    inputs: [x]
    params: {width: 8, count: 1}
    model:
      first: {use: relation, in: x, repeat: $count, carry: []}
      mix: {use: mixer, in: [x, x], width: $width}
    outputs: {out: mix, raw: x}
"""
SIMPLE = LAYER.replace("      first: {use: relation, in: x, repeat: $count, carry: []}\n", "").replace(", count: 1", "")


def test_a_composite_block_is_expanded(plan: Any) -> None:
    found = plan("  end: {use: layer, in: start, width: 16}\n", SIMPLE)
    assert _names(found)[4:] == ["end.mix", "scores"]
    assert _inputs(found, "end.mix") == {"x": "start", "y": "start"}
    assert next(s for s in found.steps if s.name == "end.mix").params == {"width": 16}
    assert _inputs(found, "scores")["semantics"] == "end.mix"


def test_the_default_of_a_parameter_and_another_output(plan: Any) -> None:
    found = plan("  one: {use: layer, in: start}\n  end: {use: mixer, in: [one, one.raw]}\n", SIMPLE)
    assert next(s for s in found.steps if s.name == "one.mix").params == {"width": 8}
    assert _inputs(found, "end") == {"x": "one.mix", "y": "start"}


def test_composite_blocks_in_one_another(plan: Any) -> None:
    outer = """\
  outer:
    inputs: [a, b]
    params: {wide: 3}
    model:
      one: {use: layer, in: a, width: $wide}
      two: {use: mixer, in: [one, b]}
    outputs: two
"""
    found = plan("  end: {use: outer, in: [start, groups], wide: 5}\n", SIMPLE + outer)
    assert _names(found)[4:] == ["end.one.mix", "end.two", "scores"]
    assert _inputs(found, "end.two") == {"x": "end.one.mix", "y": "groups.groups"}
    assert next(s for s in found.steps if s.name == "end.one.mix").params == {"width": 5}


def test_a_parameter_may_stand_deep_in_a_value_and_be_a_count(read: Any, head: str) -> None:
    blocks = """\
blocks:
  deep:
    inputs: [image]
    params: {a: 4, times: 3}
    model:
      maps: {use: backbone, in: image}
      pyramid: {use: forward_pyramid, in: maps, channels: $a, level_channels: [$a, 16, $a]}
      groups: {use: channel_groups, in: pyramid}
      start: {use: encoder, in: groups}
      end: {use: layer, in: start, repeat: $times, carry: [x]}
    outputs: end.x
  layer:
    inputs: [x]
    model: {inner: {use: relation, in: x}}
    outputs: {x: inner}
"""
    model = "model:\n  all: {use: deep, in: image, a: 6}\n  scores: {use: max_similarity, in: all}\n"
    found = read(head + model + blocks).plan
    assert next(s for s in found.steps if s.name == "all.pyramid").params == {
        "channels": 6,
        "level_channels": [6, 16, 6],
    }
    assert [n for n in _names(found) if "inner" in n] == ["all.end.0.inner", "all.end.1.inner", "all.end.2.inner"]


def test_a_mistake_that_a_parameter_makes_stands_where_it_is_used(plan: Any) -> None:
    nodes = "  end: {use: layer, in: start, width: -1}\n"
    with pytest.raises(SpecErrors) as caught:
        plan(nodes, SIMPLE)
    [error] = caught.value.errors
    assert error.code == "out-of-range"
    assert error.message == "`width` of the block `layer` is -1"
    assert (error.place.line, error.expected) == (8, "an integer > 0")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("in: [x, x]", "in: [x, z]", ["unknown-node"]),
        ("in: [x, x]", "in: [x, x, x]", ["too-many-inputs"]),
        ("outputs: {out: mix, raw: x}", "outputs: {out: mx}", ["unknown-node"]),
        ("width: $width", "width: $with", ["unknown-parameter"]),
        ("params: {width: 8}", "params: {width: null}", ["missing-parameter"]),
        ("inputs: [x]", "inputs: [x, y]", ["missing-input"]),
    ],
)
def test_mistakes_in_a_composite_block(codes: Any, old: str, new: str, expected: list[str]) -> None:
    assert old in SIMPLE
    assert codes("  end: {use: layer, in: start}\n", SIMPLE.replace(old, new)) == expected


# --- repeat -------------------------------------------------------------------------------------------------------

STEP = """\
blocks:
  step:
    inputs: [x, y]
    model:
      inner: {use: mixer, in: [x, y]}
      seen: {use: relation, in: x}
    outputs: {x: inner, seen: seen.attention}
"""


def test_copies_feed_one_another(plan: Any) -> None:
    found = plan("  end: {use: step, in: [start, groups], repeat: 3, carry: [x], collect: [seen]}\n", STEP)
    assert _inputs(found, "end.0.inner") == {"x": "start", "y": "groups.groups"}
    assert _inputs(found, "end.1.inner") == {"x": "end.0.inner", "y": "groups.groups"}
    assert _inputs(found, "end.2.inner") == {"x": "end.1.inner", "y": "groups.groups"}
    assert _inputs(found, "scores")["semantics"] == "end.2.inner"


def test_collected_ports_are_stacked(plan: Any) -> None:
    nodes = "  rep: {use: step, in: [start, groups], repeat: 2, carry: [x], collect: [seen]}\n"
    found = plan(f"{nodes}  end: {{use: mixer, in: [rep, rep.seen]}}\n", STEP)
    assert _inputs(found, "end") == {"x": "rep.1.inner", "y": "rep.seen"}
    stack = next(step for step in found.steps if step.name == "rep.seen")
    assert stack.op == "stack"
    assert _inputs(found, "rep.seen") == {"tensors": "rep.0.seen.attention, rep.1.seen.attention"}


def test_a_repeated_block_has_weights_of_its_own(plan: Any) -> None:
    found = plan("  end: {use: relation, in: start, repeat: 2, collect: [out]}\n")
    assert _names(found)[4:] == ["end.0", "end.1", "end.out", "scores"]
    assert all(step.share is None for step in found.steps)


# --- share --------------------------------------------------------------------------------------------------------


def test_shared_weights(plan: Any) -> None:
    nodes = "  mid: {use: relation, in: start}\n  end: {share: mid, in: mid}\n"
    found = plan(nodes)
    assert [(step.name, step.share) for step in found.steps if step.name in ("mid", "end")] == [
        ("mid", None),
        ("end", "mid"),
    ]
    assert next(step for step in found.steps if step.name == "end").declaration.name == "relation"


def test_the_owner_of_shared_weights_is_kept(plan: Any) -> None:
    nodes = "  owner: {use: relation, in: start}\n  end: {share: owner, in: start}\n"
    assert "owner" in _names(plan(nodes))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("  end: {share: nobody, in: start}\n", ["unknown-node"]),
        ("  end: {use: relation, share: start, in: start}\n", ["share"]),
        ("  mid: {use: relation, in: start, repeat: 2, collect: [out]}\n  end: {share: mid, in: mid.out}\n", ["share"]),
        ("  end: {share: start, in: groups, kernel: 3}\n", ["unknown-key"]),
    ],
)
def test_weights_that_cannot_be_shared(codes: Any, nodes: str, expected: list[str]) -> None:
    assert codes(nodes) == expected
