"""Wiring of what only episodes have, and of the groups of labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from compose.errors import SpecError, SpecErrors
from compose.registry.registry import Registry
from compose.spec.read import Spec, read_spec
from compose.spec.wiring.plan import refs

from ..conftest import DECLARATIONS, INT, declared, listed, options, parameter

EPISODES = [
    declared("stage", "episodic", parameter("ways", INT, 5), feeds=("support.targets", "query.targets")),
    declared("data", "alphabets", feeds=("image", "parents.targets")),
    declared("block", "near", takes="maps*: b ?c ?h ?w, support_targets: e s n", gives="scores: e q n"),
    declared("block", "groups", takes="maps*: b ?c ?h ?w, parents_targets: b p", gives="scores: b p"),
    declared("block", "layer", takes="scores: e q n", gives="scores: e q n, episode_attention: e q s"),
    declared("loss", "cross_entropy", takes="scores: *b l, targets: *b l", gives="out: "),
    declared(
        "section",
        "evaluate",
        parameter("tasks", listed(options("zsl", "gzsl", "seen", "episodes"), minItems=1), ["zsl"]),
    ),
]

SPEC = """\
data: {use: alphabets}
model:
  maps: {use: backbone}
  start: {use: near, in: maps}
  first: {use: layer, in: start}
  scores: {use: layer, in: first}
  branch: {use: groups, in: maps}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  parents: {use: cross_entropy, in: [branch, parents.targets]}
train: {main: {stage: episodic}}
"""

Read = Callable[..., Spec]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read the spec with some of its text replaced: pairs of old and new."""
    registry = Registry([*DECLARATIONS, *EPISODES])

    def make(*changes: tuple[str, str]) -> Spec:
        text = SPEC
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        monkeypatch.chdir(tmp_path)
        Path("spec.yaml").write_text(text)
        return read_spec("spec.yaml", known=registry)

    return make


def mistakes(read: Read, *changes: tuple[str, str]) -> list[SpecError]:
    with pytest.raises(SpecErrors) as caught:
        read(*changes)
    return list(caught.value.errors)


def at(error: SpecError) -> tuple[str, int, int]:
    assert error.place is not None
    return error.code, error.place.line, error.place.column


def test_ports_with_the_sources_names_are_fed(read: Read) -> None:
    plan = read().plan
    inputs = {step.name: {port: [*map(str, refs(v))] for port, v in step.inputs.items()} for step in plan.steps}
    assert inputs["start"] == {"maps": ["maps.maps"], "support_targets": ["support.targets"]}
    assert inputs["branch"] == {"maps": ["maps.maps"], "parents_targets": ["parents.targets"]}
    assert plan.reserved == ("image", "support.targets", "parents.targets", "query.targets")
    assert [plan.reserved_of(term) for term in plan.terms] == [
        ("image", "support.targets", "query.targets"),
        ("image", "parents.targets"),
    ]


def test_episodes_that_are_only_evaluated_give_them_too(read: Read) -> None:
    evaluated = ("train: {main: {stage: episodic}}", "evaluate: {tasks: [episodes]}")
    assert "support.targets" in read(evaluated).plan.reserved


def test_layers_that_tell_where_they_look_are_known_in_order(read: Read) -> None:
    found = read().plan.episode_attention
    assert {port: [*map(str, looks)] for port, looks in found.items()} == {
        "episode_attention": ["first.episode_attention", "scores.episode_attention"]
    }


def test_what_the_scores_need_is_the_plan_without_its_losses(read: Read) -> None:
    plan = read().plan.scoring()
    assert [step.name for step in plan.steps] == ["maps", "start", "first", "scores"]
    assert plan.terms == ()
    assert plan.reserved == ("image", "support.targets")


# --- mistakes -----------------------------------------------------------------------------------------------------

NO_EPISODES = "the spec has no episodes: neither a stage that trains on them nor `evaluate: {tasks: [episodes]}`"


@pytest.mark.parametrize(
    "train", ["{main: {stage: supervised}}", "{main: {stage: supervised}}\nevaluate: {tasks: [gzsl]}"]
)
def test_without_episodes_there_is_none_of_it(read: Read, train: str) -> None:
    port, source = mistakes(read, ("{main: {stage: episodic}}", train))
    assert at(port) == ("missing-input", 4, 3)
    assert port.message == f"the input `support_targets` of `start` is not wired: {NO_EPISODES}"
    assert at(source) == ("unavailable-input", 9, 43)
    assert source.message == f"there is no `query.targets` here: {NO_EPISODES}"


def test_data_without_groups(read: Read) -> None:
    port, source = mistakes(read, ("use: alphabets", "use: glyph_scenes"))
    assert at(port) == ("missing-input", 7, 3)
    assert port.message.endswith("`branch` is not wired: the data `glyph_scenes` gives image, targets")
    assert at(source) == ("unavailable-input", 10, 46)


@pytest.mark.parametrize("source", ["query.targets", "parents.targets"])
def test_scores_may_not_see_what_is_asked(read: Read, source: str) -> None:
    (error,) = mistakes(read, ("in: maps}\n  first", f"in: {{maps: maps, support_targets: {source}}}}}\n  first"))
    assert at(error) == ("targets-in-scores", 4, 56)
    assert error.message == "the scores depend on the targets, by `start.support_targets`"


def test_a_source_with_a_typing_error(read: Read) -> None:
    (error,) = mistakes(read, ("[scores, query.targets]", "[scores, query.target]"))
    assert at(error) == ("unknown-input", 9, 43)
    assert error.nearest == "query.targets"


@pytest.mark.parametrize("name", ["support", "query", "parents"])
def test_no_node_may_have_their_names(read: Read, name: str) -> None:
    (error, *_) = mistakes(read, ("first", name))
    assert at(error) == ("reserved-name", 5, 3)


def test_a_stage_that_is_unknown_hides_nothing_else(read: Read) -> None:
    found = mistakes(read, ("stage: episodic", "stage: epsodic"))
    assert [(error.code, error.nearest) for error in found if error.code == "unknown-stage"] == [
        ("unknown-stage", "episodic")
    ]
