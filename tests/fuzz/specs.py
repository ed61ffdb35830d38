"""Specs to be judged: the zoo's and random ones, changed as trees, as text, or both, and overrides laid over them."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hypothesis.strategies import DrawFn, composite, integers, one_of, sampled_from

from compose.registry.registry import registry
from compose.spec.layers.spec_files import zoo_names
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.spec.yaml.writer import dump
from tests.fuzz.hostile import NUMBERS, TEXTS
from tests.fuzz.spec_texts import change_text
from tests.fuzz.spec_trees import change, change_slightly, key_names
from tests.soundness.drawn.random_spec import random_spec

RANDOM = 40
"""How many random specs are changed."""


@dataclass(frozen=True)
class Case:
    """A spec as text, and overrides of the command line."""

    text: str
    overrides: tuple[str, ...] = ()


@cache
def texts() -> tuple[str, ...]:
    """The zoo's specs, and random ones; to be called where the random ones' blocks are registered."""
    zoo = files("compose.zoo")
    written = [zoo.joinpath(name.removeprefix("zoo/")).read_text() for name in zoo_names()]
    return (*written, *(dump(random_spec(seed, registry()).spec) for seed in range(RANDOM)))


@cache
def _tree(text: str) -> Any:
    return plain(load_text(text, "<text>"))


@composite
def cases(draw: DrawFn) -> Case:
    """A spec that is changed a few times."""
    text = draw(sampled_from(texts()))
    level = draw(sampled_from(("tree", "tree", "text", "both", "none", "slightly", "slightly", "slightly")))
    if level in ("tree", "both", "slightly"):
        tree = copy.deepcopy(_tree(text))
        for _ in range(draw(sampled_from((1, 1, 1, 2, 3)))):
            (change_slightly if level == "slightly" else change)(draw, tree)
        text = dump(tree)
    if level in ("text", "both"):
        for _ in range(draw(sampled_from((1, 1, 2)))):
            text = change_text(draw, text)
    given = 0 if level != "none" and draw(integers(0, 3)) else draw(integers(1, 2))
    return Case(text, tuple(_override(draw, text) for _ in range(given)))


def _override(draw: DrawFn, text: str) -> str:
    key = draw(sampled_from(_paths(text) or ("seed",)))
    if not draw(integers(0, 3)):
        key += draw(sampled_from((".0", ".\u00b2", ".-1", ".a", ".", "..a", ".99999999999999999999", ".\0")))
    numbers = sampled_from(NUMBERS).map(str)
    value = draw(one_of(numbers, sampled_from(TEXTS), sampled_from(("null", "{}", "[]", "{use: linear}", "[1, 2]"))))
    return f"{key}={value}"


def _paths(text: str) -> tuple[str, ...]:
    """Keys of a text as paths; those of the spec language where it is no YAML."""
    try:
        tree = _tree(text)
    except Exception:
        return key_names()
    return tuple(_walked(tree, "")) if isinstance(tree, dict) else key_names()


def _walked(tree: dict[str, Any], before: str) -> list[str]:
    found = []
    for key, value in tree.items():
        found.append(f"{before}{key}")
        if isinstance(value, dict):
            found += _walked(value, f"{before}{key}.")
    return found
