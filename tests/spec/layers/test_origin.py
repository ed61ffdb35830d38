"""Where a value of a spec comes from, defaults that it leaves out included."""

from __future__ import annotations

from typing import Any

import pytest

from compose.registry.registry import Registry
from compose.spec.layers.origin import origin, with_defaults
from compose.spec.layers.override import override
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, plain

from ..conftest import DECLARATIONS, declared, parameter

SPEC = """\
data: {use: glyph_scenes}
labels: {vectors: {use: wordnet}}
model:
  maps: {use: backbone, arch: conv64}
  own: {use: unheard_of, width: 3}
loss:
  rank: {use: ranknet, in: maps}
train:
  main: {stage: supervised, optimizer: {use: adam, lr: 0.5}}
  more: {stage: supervised, epochs: 2}
"""
ANCHORS = {"sizes": [[8, 8], [16, 16]], "by_level": {"first": 1}}


@pytest.fixture
def filled() -> Any:
    """The spec with its defaults."""
    anchors = declared("loss", "anchors", parameter("grid", {}, ANCHORS))
    tree = load_text(SPEC + "evaluate: {metrics: [map]}\n", "spec.yaml")
    assert isinstance(tree, Mapping)
    tree = override(tree, "loss.boxes={use: anchors}")
    return with_defaults(tree, Registry([*DECLARATIONS, anchors]))


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("data.size", 64, "default of glyph_scenes"),
        ("labels.vectors.use", "wordnet", "spec.yaml:2"),
        ("labels.vectors.dim", 300, "default of wordnet"),
        ("labels.normalise", True, "default of labels"),
        ("model.maps.arch", "conv64", "spec.yaml:4"),
        ("model.maps.taps", None, "default of backbone"),
        ("model.maps.frozen", False, "default of backbone"),
        ("model.own.width", 3, "spec.yaml:5"),
        ("loss.rank.difficulty", "variance", "default of ranknet"),
        ("train.main.optimizer.lr", 0.5, "spec.yaml:9"),
        ("train.main.optimizer.betas", [0.9, 0.999], "default of adam"),
        ("train.main.optimizer.betas.0", 0.9, "default of adam"),
        ("train.main.epochs", 10, "default of supervised"),
        ("train.more.epochs", 2, "spec.yaml:10"),
        ("evaluate.metrics", ["map"], "spec.yaml:11"),
        ("evaluate.tasks", ["zsl"], "default of evaluate"),
        ("loss.boxes.use", "anchors", "-s loss.boxes={use: anchors}"),
        ("loss.boxes.grid", ANCHORS, "default of anchors"),
        ("loss.boxes.grid.sizes", ANCHORS["sizes"], "default of anchors"),
        ("loss.boxes.grid.sizes.1.0", 16, "default of anchors"),
        ("loss.boxes.grid.by_level.first", 1, "default of anchors"),
    ],
)
def test_a_value_and_where_it_comes_from(filled: Mapping, path: str, value: Any, where: str) -> None:
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    found: Any = plain(filled)
    for step in steps:
        found = found[step]
    assert (found, origin(filled, steps)) == (value, where)


def test_what_cannot_be_written_is_left_out(filled: Mapping) -> None:
    """A required parameter has no default, and a part that is not chosen none that could stand there."""
    written = plain(filled)
    assert "optimizer" not in written["train"]["more"]
    assert "schedule" not in written["train"]["main"]
    assert set(written["model"]["own"]) == {"use", "width"}


def test_a_spec_without_an_evaluation_is_evaluated_by_default() -> None:
    tree = load_text(SPEC, "spec.yaml")
    assert isinstance(tree, Mapping)
    written = plain(with_defaults(tree, Registry(DECLARATIONS)))
    assert written["evaluate"] == {"tasks": ["zsl"], "metrics": ["map"]}
    assert "evaluate" not in plain(with_defaults(tree, Registry(d for d in DECLARATIONS if d.name != "evaluate")))
