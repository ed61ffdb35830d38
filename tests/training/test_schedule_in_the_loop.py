"""The rate of every optimizer step follows its place within the epoch."""

from __future__ import annotations

import json
from math import cos, pi
from pathlib import Path

import pytest
from toy import ToyStage, run

from compose.training.stages.optimizers import SGD
from compose.training.stages.schedules import Constant, Cosine, StepDecay


def rates(path: Path, **options: object) -> list[float]:
    """The rates that a run logs, step by step, as shares of the optimizer's; an epoch has six batches."""
    run([ToyStage(batch=4, log_every=1, optimizer=SGD(lr=0.25), **options)], path)
    read = [json.loads(line) for line in (path / "metrics.jsonl").read_text("utf-8").splitlines()]
    found = [value for line in read for name, value in line.items() if name == "lr" or name.endswith("/lr")]
    return [rate / 0.25 for rate in found]


def test_a_cosine_falls_from_step_to_step(tmp_path: Path) -> None:
    expected = [(1 + cos(pi * step / 12)) / 2 for step in range(12)]
    assert rates(tmp_path / "run", epochs=2, schedule=Cosine()) == pytest.approx(expected)


def test_warmup_rises_from_step_to_step(tmp_path: Path) -> None:
    expected = [min(1.0, (step + 1) / 9) for step in range(12)]
    assert rates(tmp_path / "run", epochs=2, schedule=Constant(warmup=1.5)) == pytest.approx(expected)


def test_a_mark_within_an_epoch_is_passed_there(tmp_path: Path) -> None:
    expected = [1.0] * 3 + [0.5] * 6 + [0.25] * 3
    schedule = StepDecay(at=[0.5, 1.5], factor=0.5)
    assert rates(tmp_path / "run", epochs=2, schedule=schedule) == pytest.approx(expected)


def test_steps_over_several_batches_are_as_long_as_these(tmp_path: Path) -> None:
    """Six batches, four at a time: steps of two thirds and of one third of an epoch."""
    ends = [4 / 6, 1.0, 10 / 6, 2.0]
    found = rates(tmp_path / "run", epochs=2, accumulate=4, schedule=Constant(warmup=2.0))
    assert found == pytest.approx([end / 2 for end in ends])
