"""What training returns of a run."""

from __future__ import annotations

import time
from pathlib import Path

from toy import ToyStage, make_plan

from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train


def test_it_took_as_long_as_it_took(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = train(make_plan([ToyStage(epochs=2, batch=8)]), RunFolder(tmp_path / "run"), device="cpu")
    assert 0 < outcome.seconds <= time.monotonic() - began
    assert outcome.steps == 6


def test_a_run_that_goes_on_counts_the_time_and_the_steps_before(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    first = train(make_plan([ToyStage(epochs=2, batch=8)]), folder, device="cpu")
    again = train(make_plan([ToyStage(epochs=2, batch=8)]), folder, device="cpu", resume=True)
    assert again.steps == first.steps
