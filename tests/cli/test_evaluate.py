"""``compose evaluate`` on a few-shot run: with other episodes, and on other data with other classes."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from compose.cli.app import app
from compose.training.storage.find_run import FoundRun
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import save_weights

SPEC = """\
name: fewshot
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
blocks:
  layer:
    inputs: [state, support, query, targets]
    model:
      spatial: {use: spatial_attention, in: [state, support, query]}
      task: {use: task_attention, in: [spatial.query_features, spatial.support_features, targets]}
    outputs: {context: task.context, state: task.state}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4]}
  episodes: {use: split_episodes, in: backbone.last}
  state: {use: reduce, in: episodes.query, pattern: "e q c h w -> e q c"}
  layers:
    use: layer
    in: [state, episodes.support, episodes.query, support.targets]
    repeat: 2
    carry: [state]
    collect: [context]
  scores: {use: context_classifier, in: layers.context}
  semantic: {use: semantic_branch, in: backbone.last}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  semantic: {use: cross_entropy, in: semantic, weight: 0.5}
train:
  main:
    stage: episodic
    ways: 3
    shots: [1, 2]
    queries: 2
    batch: 4
    episodes: 8
    epochs: 2
    validation_episodes: 4
evaluate: {tasks: [episodes], ways: 3, shots: [1, 2], queries: 2, episodes: 6}
"""
WAYS = "the weights of `layers.0.task` are for 3 classes in an episode, got 4"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "fewshot.yaml").write_text(SPEC)
    words = ["train", folder / "fewshot.yaml", "--out", folder / "run", "--device", "cpu"]
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.stderr
    return folder / "run"


@pytest.fixture
def omniglot(tmp_path: Path) -> Path:
    """A tiny Omniglot: four characters of five drawings in each half."""
    dice = np.random.default_rng(0)
    for half, alphabets in {"background": ("Greek", "Hebrew"), "evaluation": ("Oriya", "Tibetan")}.items():
        for alphabet in alphabets:
            for character in ("character01", "character02"):
                place = tmp_path / "omniglot" / f"images_{half}" / alphabet / character
                place.mkdir(parents=True)
                for drawing in range(5):
                    Image.fromarray(dice.random((105, 105)) < 0.9).save(place / f"0001_{drawing + 1:02}.png")
    return tmp_path / "omniglot"


def evaluated(run: Any, trained: Path, *overrides: str) -> dict[str, Any]:
    """The tasks of a result."""
    words = [word for override in overrides for word in ("-s", override)]
    result = run("evaluate", trained, "--device", "cpu", "--json", *words)
    assert result.exit_code == 0, result.stderr
    tasks: dict[str, Any] = json.loads(result.stdout)["tasks"]
    return tasks


def test_it_gives_what_training_reported(run: Any, trained: Path) -> None:
    reported = json.loads((trained / "report.json").read_text())["result"]["tasks"]
    assert evaluated(run, trained) == reported
    assert set(reported) == {"3-way 1-shot", "3-way 2-shot"}


def test_other_shots(run: Any, trained: Path) -> None:
    (name, task), = evaluated(run, trained, "evaluate.shots=4", "evaluate.episodes=3").items()  # fmt: skip
    assert name == "3-way 4-shot"
    assert task["protocol"] | {"labels": None} == {
        "kind": "episodes", "task": name, "data": "alphabets", "split": "test", "ways": 3, "shots": 4, "queries": 2,
        "episodes": 3, "num_classes": 215, "labels": None, "seed": 0,
    }  # fmt: skip
    assert task["chance"]["accuracy"] == pytest.approx(1 / 3)


def test_metrics_by_name(run: Any, trained: Path) -> None:
    named, plain = (
        evaluated(run, trained, "evaluate.shots=1", *more) for more in (["evaluate.metrics=[accuracy]"], [])
    )
    assert named == plain
    result = run("evaluate", trained, "-s", "evaluate.metrics=[map]")
    assert result.exit_code == 2
    assert "expected a metric that episodes have, such as accuracy, got map" in result.stderr


def test_other_ways_are_refused_where_weights_are_for_one_number(run: Any, trained: Path) -> None:
    result = run("evaluate", trained, "--device", "cpu", "-s", "evaluate.ways=4")
    assert result.exit_code == 2
    assert f"command line:1:4: error: {WAYS} [label-space]" in result.stderr


def test_data_without_such_episodes_is_refused(run: Any, trained: Path) -> None:
    result = run("evaluate", trained, "--device", "cpu", "-s", "evaluate.shots=5")
    assert result.exit_code == 2
    assert "an episode needs 7 pictures of each class" in result.stderr
    assert "and 210 more too few" in result.stderr


def test_other_data_with_other_classes_and_groups(run: Any, trained: Path, omniglot: Path) -> None:
    data = f"{{use: omniglot, folder: {omniglot}, size: 16, rotations: false, val_alphabets: [Hebrew]}}"
    found = evaluated(run, trained, f"data={data}")
    assert {task["protocol"]["data"] for task in found.values()} == {"omniglot"}
    assert {task["protocol"]["num_classes"] for task in found.values()} == {4}


def test_the_evaluation_half_alone(run: Any, trained: Path, omniglot: Path) -> None:
    half = f"{{use: omniglot, folder: {omniglot / 'images_evaluation'}, size: 16, rotations: false}}"
    whole = f"{{use: omniglot, folder: {omniglot}, size: 16, rotations: false, val_alphabets: [Hebrew]}}"
    assert evaluated(run, trained, f"data={half}") == evaluated(run, trained, f"data={whole}")


def test_pictures_of_another_size_are_no_matter_to_such_a_model(run: Any, trained: Path, omniglot: Path) -> None:
    half = f"{{use: omniglot, folder: {omniglot / 'images_evaluation'}, size: 24, rotations: false}}"
    assert set(evaluated(run, trained, f"data={half}", "evaluate.shots=1")) == {"3-way 1-shot"}


def test_the_best_weights_by_name_and_by_file(run: Any, trained: Path) -> None:
    words = ["--device", "cpu", "--json", "-s", "evaluate.shots=1"]
    by_name = run("evaluate", trained, "--weights", "best", *words)
    by_file = run("evaluate", trained / "weights" / "best.safetensors", *words)
    assert by_name.exit_code == by_file.exit_code == 0, by_name.stderr
    assert json.loads(by_name.stdout) == json.loads(by_file.stdout)


def test_weights_of_losses_are_loaded_where_there_are_losses(tmp_path: Path) -> None:
    modules = {"head": nn.Linear(2, 3), "loss": nn.ModuleDict({"rank": nn.Linear(1, 1)})}
    weights = nn.ModuleDict(modules).state_dict()
    save_weights(RunFolder(tmp_path), "last", weights, step=1)
    for names, losses in (({"head", "loss"}, {"loss.rank": 1.0}), ({"head"}, {})):
        training = nn.ModuleDict({name: deepcopy(module) for name, module in modules.items() if name in names})
        for weight in training.parameters():
            nn.init.zeros_(weight)
        FoundRun(tmp_path).load(SimpleNamespace(training=training, nodes=("head",), loss_weights=losses), None)
        assert all(torch.equal(value, weights[name]) for name, value in training.state_dict().items())
