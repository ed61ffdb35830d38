"""What validates, trains; and what is refused is wrong: on random specs from all that is registered.

``python -m benchmarks.soundness`` does the same with any number of specs, and keeps those that fail.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.api import validation
from compose.errors import SpecError
from compose.registry.registry import registry
from tests.soundness.drawn.random_spec import random_spec
from tests.soundness.drawn.registered import registered
from tests.soundness.oracle import judge
from tests.soundness.shrink import shrunk
from tests.soundness.tally import tally

SEED, SPECS, CHUNK = 13_000, 200, 10


@pytest.mark.parametrize("first", range(SEED, SEED + SPECS, CHUNK))
def test_what_validates_trains_and_what_is_refused_fails(first: int) -> None:
    found = tally(range(first, first + CHUNK))
    assert found.failures == {}
    assert found.accepted + found.refused == CHUNK


def test_a_seed_gives_one_spec() -> None:
    with registered() as known:
        assert random_spec(SEED, known).spec == random_spec(SEED, known).spec
        assert random_spec(SEED, known).spec != random_spec(SEED + 1, known).spec


def test_the_registry_is_as_it_was() -> None:
    before = registry().all()
    with registered() as known:
        assert known.find("data", "random_pictures")
    assert registry().all() == before


PLAIN = {
    "name": "plain",
    "data": {"use": "random_pictures"},
    "labels": {"vectors": {"use": "wordnet", "dim": 5}},
    "model": {
        "pooled": {"use": "reduce", "in": "image", "pattern": "b c h w -> b c"},
        "vectors": {"use": "linear", "in": "pooled", "size": 5},
        "scores": {"use": "cosine", "in": ["vectors", "labels.vectors"]},
    },
    "loss": {"rank": {"use": "ranknet", "in": "scores"}},
    "train": {"main": {"stage": "supervised", "epochs": 1, "batch": 4}},
    "evaluate": {"tasks": ["zsl", "gzsl"]},
}
UNFIT = {**PLAIN, "model": {**PLAIN["model"], "vectors": {"use": "linear", "in": "pooled", "size": 4}}}  # type: ignore[dict-item]


def test_a_sound_spec_is_trained_and_an_unfit_one_refused() -> None:
    with registered() as known:
        trained, refused = judge(PLAIN, known), judge(UNFIT, known)
    assert (trained.accepted, trained.failures) == (True, ())
    assert (refused.accepted, refused.failures, list(refused.codes)) == (False, (), ["shape-mismatch"])


def test_an_error_that_nothing_confirms_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = SpecError("shape-mismatch", "`vectors` does not fit")
    monkeypatch.setattr(validation, "_full", lambda file, spec: validation.Validation(file, [wrong]))
    with registered() as known:
        assert judge(PLAIN, known).kind == "unconfirmed shape-mismatch"


def test_a_spec_that_is_accepted_and_cannot_train_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_full", lambda file, spec: validation.Validation(file))
    with registered() as known:
        assert judge(UNFIT, known).kind.startswith("train raised")


def test_a_failing_spec_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_full", lambda file, spec: validation.Validation(file))
    larger = {**UNFIT, "seed": 3, "model": {**UNFIT["model"], "more": {"use": "softmax", "in": "scores"}}}  # type: ignore[dict-item]
    with registered() as known:
        found = shrunk(larger, known)
    assert "seed" not in found
    assert "more" not in found["model"]


def test_failing_specs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.soundness.tally.random_spec", lambda seed, known: _drawn(seed))
    monkeypatch.setattr(validation, "_full", lambda file, spec: validation.Validation(file))
    found = tally([7], save=tmp_path)
    assert [*found.failures] == [7]
    assert (tmp_path / "7.yaml").read_text("utf-8").startswith("# seed 7")


def _drawn(seed: int) -> object:
    from tests.soundness.drawn.random_spec import RandomSpec

    return RandomSpec(seed, dict(UNFIT))
