"""Whatever a spec holds, ``validate`` accepts it or says at its place what is wrong, soon and in little memory.

``python -m benchmarks.fuzz`` does the same with any number of specs, each in a process that may hang or die.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from compose.errors import SpecErrors
from compose.spec import read
from tests.fuzz.judge import Verdict, judge
from tests.fuzz.specs import Case, cases, texts
from tests.fuzz.watched import WatchedJudge
from tests.soundness.drawn.registered import registered

SPECS = 500
PLAIN = "data: {use: glyph_scenes}\nmodel: {scores: {use: nothing}}\n"


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with registered():
        texts()  # drawn before hypothesis looks after the dice
        yield


@given(cases())
@settings(
    max_examples=SPECS,
    database=None,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_a_changed_spec_is_accepted_or_refused_at_a_place(case: Case) -> None:
    assert judge(case).failure == ""


def test_a_mistake_is_told_at_its_place() -> None:
    verdict = judge(Case(PLAIN, ("seed=many",)))
    assert not verdict.accepted
    assert verdict.failure == ""
    assert set(verdict.codes) == {"unknown-block", "wrong-type"}


def test_an_exception_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(read, "resolve", broken)
    assert judge(Case(PLAIN)).failure.startswith("RecursionError at test_fuzz.py")


def test_no_mistake_without_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from compose.errors import SpecError

    def placeless(*_: object, **__: object) -> None:
        raise SpecErrors([SpecError("somewhere", "something is wrong")])

    monkeypatch.setattr(read, "resolve", placeless)
    assert judge(Case(PLAIN)).failure == "somewhere: no place"


def hang(case: Case) -> Verdict:
    """Judges the case with which a process begins, and never another."""
    if case.text == PLAIN:
        while time.monotonic():
            pass
    return Verdict(accepted=True)


def die(case: Case) -> Verdict:
    """Takes its process down, but for the case with which that begins."""
    if case.text == PLAIN:
        os._exit(3)
    return Verdict(accepted=True)


@pytest.mark.parametrize(
    ("judging", "failure"), [(hang, "hangs: more than 1 s of the processor"), (die, "the process died with 3")]
)
def test_a_judge_that_hangs_or_dies_is_a_verdict_and_is_replaced(judging: object, failure: str) -> None:
    with WatchedJudge(judging, patience=1.0) as watched:  # type: ignore[arg-type]
        assert watched(Case(PLAIN)).failure == failure
        assert watched(Case("another")).failure == ""
