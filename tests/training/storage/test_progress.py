"""How far a run has come, of whose epochs one that has not begun may still be taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.spec.read import read_spec
from compose.spec.spec_text import SpecText
from compose.training.storage.lock import lock_values
from compose.training.storage.spec_changes import Progress, check_fixed

TEXT = "extends: zoo/starter.yaml\ntrain: {main: {epochs: 2}, more: {stage: supervised, epochs: 3}}\n"


@pytest.mark.parametrize(
    ("state", "ended", "progress"),
    [
        ({"stage": 0, "epoch": 0, "batch": 0}, None, Progress(0, 0)),
        ({"stage": 1, "epoch": 2, "batch": 0}, None, Progress(1, 2)),
        ({"stage": 1, "epoch": 2, "batch": 1}, None, Progress(1, 3)),
        ({"stage": 2, "epoch": 0, "batch": 0}, {"epochs": 4}, Progress(1, 4)),
    ],
)
def test_of_a_checkpoint(state: dict[str, int], ended: Any, progress: Progress) -> None:
    assert Progress.of({"state": state, "ended": ended}) == progress


def test_a_run_that_has_not_begun() -> None:
    assert Progress() == Progress(stage=0, epochs=0)


@pytest.mark.parametrize(
    ("override", "progress", "expected"),
    [
        ("train.main.epochs=4", Progress(1, 0), "2"),
        ("train.more.epochs=1", Progress(1, 3), "3 or more"),
    ],
)
def test_the_epochs_that_are_expected_are_those_of_the_run(override: str, progress: Progress, expected: str) -> None:
    before = lock_values(read_spec(SpecText(TEXT, "small.yaml")))
    with pytest.raises(SpecErrors) as caught:
        check_fixed(read_spec(SpecText(TEXT, "small.yaml"), overrides=[override]), before, progress, Path("run"))
    (error,) = caught.value.errors
    assert error.expected == expected
