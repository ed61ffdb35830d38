"""Whatever tells the answer may feed a loss, and never the scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import Registry
from compose.spec.read import read_spec
from compose.spec.wiring.plan import Plan
from compose.spec.wiring.reserved import RESERVED

from ..conftest import DECLARATIONS, declared, options, parameter

SPEC = """\
data: {use: everything}
labels: {vectors: {use: wordnet}, external: {use: near}}
model:
  maps: {use: backbone}
  told: {use: peek, in: {maps: maps, answer: %s}}
  blind: {use: peek, in: {maps: maps, answer: image}}
scores: %s
loss: {task: {use: either, in: [told, blind]}}
train: {main: {stage: episodic}, adapting: {stage: maml}}
"""
FED = [
    declared("data", "everything", feeds=("image", "parents.targets")),
    declared("stage", "episodic", feeds=("support.targets", "query.targets")),
    declared("stage", "maml", feeds=("novel.targets",)),
    declared("section", "labels", parameter("vectors", {}, None), parameter("external", {}, None)),
    declared("block", "peek", takes="maps*: b ?c ?h ?w, answer: ?x ?y", gives="out: b l"),
    declared("loss", "either", parameter("how", options("sum"), "sum"), takes="one: b l, other: b l", gives="out: "),
]
ANSWERS = sorted(name for name in RESERVED if name.endswith("targets") and name != "support.targets")


@pytest.fixture
def wired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plan whose node `told` is fed by a source, and whose scores are those of a node."""

    def make(source: str, scores: str) -> Plan:
        monkeypatch.chdir(tmp_path)
        Path("spec.yaml").write_text(SPEC % (source, scores), "utf-8")
        known = [found for found in DECLARATIONS if found.name != "labels"]
        plan: Plan = read_spec("spec.yaml", known=Registry([*known, *FED])).plan
        return plan

    return make


def test_these_are_the_answers() -> None:
    assert ANSWERS == ["external.targets", "novel.targets", "parents.targets", "query.targets", "targets"]


@pytest.mark.parametrize("source", ANSWERS)
def test_the_scores_see_no_answer(wired: Any, source: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        wired(source, "told")
    (error,) = caught.value.errors
    assert (error.code, error.message) == ("targets-in-scores", "the scores depend on the targets, by `told.answer`")


@pytest.mark.parametrize("source", ANSWERS)
def test_a_node_that_only_a_loss_reads_may_see_it(wired: Any, source: str) -> None:
    assert source in wired(source, "blind").reserved


def test_what_shows_a_task_is_no_answer(wired: Any) -> None:
    assert "support.targets" in wired("support.targets", "told").reserved
