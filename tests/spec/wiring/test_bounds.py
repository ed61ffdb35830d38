"""Composites and repeats that make a model too large are counted before it is written out."""

from __future__ import annotations

import time

import pytest

from compose.spec.wiring.bounds import MOST_LEVELS, MOST_LOSSES, MOST_STEPS, unbounded
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping


def found(text: str) -> list[str]:
    tree = load_text(text, "spec.yaml")
    assert isinstance(tree, Mapping)
    return [error.message for error in unbounded(tree)]


def chain(levels: int, times: int = 1) -> str:
    """Composites that each hold the next one as often as said, the last one a block."""
    text = "blocks:\n"
    for level in range(levels):
        used = f"c{level + 1}" if level < levels - 1 else "relu"
        nodes = ", ".join(f"n{index}: {{use: {used}}}" for index in range(times))
        text += f"  c{level}: {{inputs: [x], model: {{{nodes}}}, outputs: n0}}\n"
    return text


def test_as_many_levels_as_may_be() -> None:
    assert found(chain(MOST_LEVELS) + "model: {a: {use: c0}}") == []


@pytest.mark.parametrize("levels", [MOST_LEVELS + 1, 1500])
def test_too_many_levels(levels: int) -> None:
    message = f"the block `c0` has composite blocks in one another, {levels:,} levels deep"
    assert found(chain(levels) + "model: {a: {use: c0}}") == [message]


def test_blocks_are_counted_through_composites_and_repeats() -> None:
    inside = chain(3, 8) + "model: {a: {use: c0%s}, b: {use: relu}}"
    assert found(inside % "") == []
    assert found(inside % ", repeat: 2") == ["the model computes 1,025 blocks, 1,024 of them in `a`"]


def test_a_bomb_takes_no_time() -> None:
    start = time.process_time()
    assert found(chain(MOST_LEVELS, 60) + "model: {a: {use: c0}}") == [
        "the model computes more than 1,000,000,000,000 blocks, more than 1,000,000,000,000 of them in `a`"
    ]
    assert time.process_time() - start < 5


def test_a_model_without_composites() -> None:
    nodes = ", ".join(f"n{index}: {{use: relu}}" for index in range(MOST_STEPS + 1))
    assert found(f"model: {{{nodes}}}") == [f"the model computes {MOST_STEPS + 1:,} blocks, 1 of them in `n0`"]


def test_losses() -> None:
    terms = ", ".join(f"t{index}: {{use: bce}}" for index in range(MOST_LOSSES + 1))
    assert found(f"model: {{a: {{use: relu}}}}\nloss: {{{terms}}}") == [f"the spec has {MOST_LOSSES + 1} losses"]


def test_each_circle_is_told_once_and_alone() -> None:
    body = "{inputs: [x], model: {n: {use: %s, repeat: 9}}, outputs: n}"
    circles = f"a: {body % 'b'}, b: {body % 'a'}, c: {body % 'c'}, d: {body % 'a'}"
    told = ["the block `a` contains itself: a -> b -> a", "the block `c` contains itself: c -> c"]
    assert found(f"blocks: {{{circles}}}\nmodel: {{n: {{use: relu}}}}") == told


def test_circles_of_many_blocks_take_no_time() -> None:
    names = [f"c{index}" for index in range(150)]
    model = ", ".join(f"n{index}: {{use: {name}}}" for index, name in enumerate(names))
    bodies = ", ".join(f"{name}: {{inputs: [x], model: {{{model}}}, outputs: n0}}" for name in names[:30])
    start = time.process_time()
    assert len(found(f"blocks: {{{bodies}}}")) <= len(names)
    assert time.process_time() - start < 5
