"""``compose.train(log=...)``: a run that goes on is logged as before, and what cannot log begins no run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

import compose
from compose.errors import UsageError
from compose.training.logging.loggers import LOGGERS, LoggerKind
from compose.training.logging.run_logger import LoggedRun

from .conftest import SMALL, TINY


class Noted:
    """A tracker that takes note of what it is told."""

    place = "nowhere"

    def __init__(self, run: LoggedRun) -> None:
        self.kept: Mapping[str, str] = {"id": run.kept.get("id", "first")}
        runs.append(run)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        told.update(values)

    def picture(self, step: int, tag: str, picture: object) -> None: ...

    def file(self, path: Path) -> None:
        files.append(path.name)

    def close(self, *, ended: bool) -> None:
        files.append(f"ended {ended}")


runs: list[LoggedRun] = []
told: dict[str, float] = {}
files: list[str] = []


def test_a_run_that_goes_on_is_logged_as_before(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOGGERS, "wandb", LoggerKind("W&B", Noted, ()))  # type: ignore[arg-type]
    run = compose.train(
        TINY, overrides={**SMALL, "train.main.epochs": 1}, out="run", device="cpu", log="wandb", progress=False
    )
    assert run.results is not None
    assert {f"result/{key}" for key in run.results.scalars()} <= {*told}
    assert files == ["spec.lock.yaml", "report.md", "report.json", "ended True"]
    assert runs[0].values["data"]["train"] == 48
    assert "wandb" not in (here / "run" / "spec.lock.yaml").read_text()
    longer = {"train.main.epochs": 2}
    compose.train("run", resume="run", overrides=longer, device="cpu", progress=False)
    assert [one.kept for one in runs] == [{}, {"id": "first"}]
    assert json.loads((here / "run" / "loggers.json").read_text()) == {"wandb": {"id": "first"}}
    compose.train("run", resume="run", overrides={"train.main.epochs": 3}, device="cpu", log="none", progress=False)
    assert len(runs) == 2
    assert not (here / "run" / "loggers.json").exists()


def test_what_cannot_log_begins_no_run(here: Path) -> None:
    with pytest.raises(UsageError, match="--log wandbb: expected wandb, mlflow or none"):
        compose.train(TINY, out="run", log="wandbb", progress=False)
    with pytest.raises(UsageError, match="--log wandbb: expected wandb, mlflow or none"):
        compose.sweep("zoo/starter.yaml", out="runs", log="wandbb", progress=False)
    assert not [*here.iterdir()]
