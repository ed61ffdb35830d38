"""Runs logged to W&B and MLflow, which are read back; and what happens where a tracker fails."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy import ToyStage, make_plan
from trackers import mlflow_runs, wandb_rows, wandb_runs

from compose.errors import UsageError
from compose.terminal import Terminal
from compose.training.logging.loggers import LOGGERS, LoggerKind, check_loggers, kept_loggers
from compose.training.logging.run_logger import LoggedRun
from compose.training.stages.supervised import Supervised
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train

VALUES = {"name": "toy", "seed": 3, "paper": {"title": "x"}, "train": {"main": {"epochs": 2, "losses": ["a", "b"]}}}
STAGES = [ToyStage(epochs=1, batch=4, log_every=2, checkpoint_every=0)]


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Both trackers write into a temporary folder."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("WANDB_PROJECT", "WANDB_ENTITY", "WANDB_API_KEY", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, folder in {"WANDB_CONFIG_DIR": "config", "WANDB_CACHE_DIR": "cache", "WANDB_DATA_DIR": "data"}.items():
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    monkeypatch.chdir(tmp_path)
    import wandb

    wandb.teardown()
    yield
    wandb.teardown()


def trained(folder: Path, *names: str, stages: list[Any] = STAGES, **options: Any) -> dict[str, torch.Tensor]:
    """A toy run that is logged; its weights."""
    values = options.pop("values", VALUES)
    plan = replace(make_plan(stages), values=values, changed=options.get("resume", False))
    train(plan, RunFolder(folder), device="cpu", loggers=names, **options)
    return dict(plan.model.training.state_dict())


def test_wandb_has_numbers_values_pictures_and_the_report(tmp_path: Path) -> None:
    trained(tmp_path / "run", "wandb", stages=[Supervised(epochs=1, batch=4, log_every=2)])
    rows = wandb_rows(tmp_path / "run")
    assert [(row["step"], "train/lr" in row) for row in rows if "train/loss" in row] == [(2, True), (4, True)]
    own = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    logged = {row["step"]: row["val/map"] for row in rows if "val/map" in row}
    assert logged == {row["step"]: row["val/map"] for row in own if "val/map" in row}
    assert [row["step"] for row in rows if any(key.startswith("predictions") for key in row)] == [5]
    (run,) = wandb_runs(tmp_path / "run")
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config.pop("train") == VALUES["train"]
    assert config["seed"] == 3
    assert "paper" not in config
    assert (run.project, run.display_name) == ("compose", f"{tmp_path.name}/run")
    (files,) = (tmp_path / "run" / "wandb").glob("offline-run-*/files")
    assert (files / "report.md").read_text() == (tmp_path / "run" / "report.md").read_text()
    assert (files / "spec.lock.yaml").is_file()


def test_mlflow_has_numbers_values_pictures_and_the_report(tmp_path: Path) -> None:
    trained(tmp_path / "run", "mlflow", stages=[Supervised(epochs=1, batch=4, log_every=2)])
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    (run,) = mlflow_runs(uri)
    assert run.data.params == {"seed": "3", "train.main.epochs": "2", "train.main.losses": "[a, b]"}
    assert {"train/loss", "epoch/loss", "val/map"} <= {*run.data.metrics}
    assert (run.info.status, run.info.run_name) == ("FINISHED", f"{tmp_path.name}/run")
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    assert [point.step for point in client.get_metric_history(run.info.run_id, "train/loss")] == [2, 4]
    files = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert {"report.md", "report.json", "spec.lock.yaml", "images"} <= files


def test_a_run_that_goes_on_is_the_same_run_there(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    trained(folder, "wandb", "mlflow")
    assert kept_loggers(folder / "loggers.json") == ("wandb", "mlflow")
    before = (folder / "loggers.json").read_text()
    longer = {**VALUES, "train": {"main": {"epochs": 3}, "more": {"epochs": 1}}}
    stages = [ToyStage(epochs=2, batch=4, log_every=2, checkpoint_every=0)]
    trained(folder, "wandb", "mlflow", stages=stages, resume=True, values=longer)
    assert (folder / "loggers.json").read_text() == before
    first, second = wandb_runs(folder)
    assert first.run_id == second.run_id == json.loads(before)["wandb"]["id"]
    assert [row["step"] for row in wandb_rows(folder) if "train/loss" in row] == [2, 4, 6, 8, 10, 12]
    (run,) = mlflow_runs(f"sqlite:///{tmp_path}/mlflow.db")
    assert run.data.params["train.more.epochs"] == "1"
    assert run.data.params["train.main.epochs"] == "2"
    assert run.data.tags["train.main.epochs"] == "3"
    assert run.info.status == "FINISHED"
    trained(folder, stages=[ToyStage(epochs=3, batch=4, log_every=2)], resume=True)
    assert not (folder / "loggers.json").exists()
    assert len(wandb_runs(folder)) == 2


def test_nothing_that_is_computed_depends_on_it(tmp_path: Path) -> None:
    plain, logged = trained(tmp_path / "plain"), trained(tmp_path / "logged", "wandb")
    assert all(torch.equal(plain[name], logged[name]) for name in plain)


class Failing:
    """A tracker that fails in one of its parts."""

    kept: Mapping[str, str] = {"id": "1"}
    place = "somewhere"

    def __init__(self, part: str, calls: list[str]) -> None:
        self.part, self.calls = part, calls
        self.do("begin")

    def do(self, part: str) -> None:
        self.calls.append(part)
        if part == self.part:
            raise ConnectionError("the server is gone\nand a long story")

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        assert all(math.isfinite(value) for value in values.values())
        self.do("scalars")

    def picture(self, step: int, tag: str, picture: np.ndarray) -> None:
        self.do("picture")

    def file(self, path: Path) -> None:
        self.do("file")

    def close(self, *, ended: bool) -> None:
        self.do(f"close {ended}")


@pytest.mark.parametrize("part", ["begin", "scalars", "picture", "file", "close True"])
def test_a_tracker_that_fails_is_told_once_and_the_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    calls: list[str] = []

    def begin(run: LoggedRun) -> Failing:
        return Failing(part, calls)

    monkeypatch.setitem(LOGGERS, "wandb", LoggerKind("W&B", begin, ()))  # type: ignore[arg-type]
    stages = [Supervised(epochs=1, batch=4, log_every=2)]
    trained(tmp_path / "run", "wandb", stages=stages, console=Terminal(width=200))
    told = capsys.readouterr().out
    assert told.count("note: W&B has failed, and the run goes on without it: the server is gone\n") == 1
    assert calls[-1] == part
    assert calls.count(part) == 1
    assert (tmp_path / "run" / "report.json").is_file()


def test_a_run_that_is_stopped_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from compose.training.training_errors import NonFiniteLossError

    calls: list[str] = []
    monkeypatch.setitem(LOGGERS, "wandb", LoggerKind("W&B", lambda run: Failing("", calls), ()))  # type: ignore[arg-type]
    monkeypatch.setattr("toy.ToyWork.poison", 3)
    with pytest.raises(NonFiniteLossError):
        trained(tmp_path / "run", "wandb")
    assert calls[-1] == "close False"


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["wandbb"], "--log wandbb: expected wandb, mlflow or none; did you mean `wandb`?"),
        (["tensorboard"], "--log tensorboard: expected wandb, mlflow or none; TensorBoard is always written"),
        (["none", "wandb"], "--log none stands alone; got none, wandb"),
        (["mlflow"], "--log mlflow needs mlflow: pip install 'torchcompose[mlflow]'"),
        (["wandb"], "--log wandb needs wandb: pip install 'torchcompose[wandb]'"),
    ],
)
def test_what_cannot_begin_is_refused_before_training(
    monkeypatch: pytest.MonkeyPatch, names: list[str], message: str
) -> None:
    monkeypatch.setattr("compose.training.logging.loggers.find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        check_loggers(names)
    assert str(caught.value) == message


def test_a_key_is_asked_for_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_loggers(["wandb", "mlflow", "wandb"]) == ("wandb", "mlflow")
    import wandb

    wandb.teardown()
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("NETRC", "no-such-file")
    with pytest.raises(UsageError, match="W&B knows no key; `wandb login` once, or set WANDB_MODE=offline"):
        check_loggers(["wandb"])
