"""``compose predict`` with few-shot models of pictures that show several labels each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from compose.api.run import Run
from compose.cli.app import app

SPEC = """
name: scenes
data: {use: glyph_scenes, size: 16, train: 60, val: 300, test: 300, objects: [2, 4], split: {val: 20}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  logits: {use: linear, in: pooled, size: 3}
  scores: {use: activation, in: logits, kind: sigmoid}
loss: {task: {use: bce, in: [logits, novel.targets]}}
train:
  main: {stage: maml, freeze: [backbone], ways: 3, queries: 2, episodes: 2, batch: 2, epochs: 1, validation_episodes: 2}
evaluate: {tasks: [episodes], ways: 3, queries: 2, episodes: 3, metrics: [micro_auc]}
"""


def called(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    (folder / "scenes.yaml").write_text(SPEC)
    result = called("train", folder / "scenes.yaml", "--out", folder / "run")
    assert result.exit_code == 0, result.stderr
    return folder / "run"


@pytest.fixture
def support(tmp_path: Path) -> Path:
    """Three labels with two pictures each, of which one is of two labels."""
    dice = np.random.default_rng(0)
    pictures = [Image.fromarray(dice.integers(0, 255, (20, 20, 3), dtype=np.uint8)) for _ in range(5)]
    for label, numbers in {"ball": (0, 1), "cat": (1, 2), "dog": (3, 4)}.items():
        (tmp_path / "support" / label).mkdir(parents=True)
        for number in numbers:
            pictures[number].save(tmp_path / "support" / label / f"{label}{number}.png")
    return tmp_path / "support"


def test_episodes_of_the_run(trained: Path) -> None:
    result = called("predict", trained, "--episodes", 1, "--json")
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 3
    assert all(len(line["labels"]) == 3 and line["labels"][0]["correct"] in (True, False) for line in lines)


def test_a_picture_in_the_folders_of_several_labels_carries_them(trained: Path, support: Path) -> None:
    answered = Run(trained).episode(support / "dog", support=support)
    targets = answered.episode.support_targets
    assert targets.tolist() == [[1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, 1], [-1, -1, 1]]
    assert answered.episode.examples["image"].shape == (5 + 2, 3, 16, 16)
    assert torch.equal(answered.answer.scores, answered.answer.scores.clamp(0, 1))


def test_labels_of_the_users_pictures(trained: Path, support: Path) -> None:
    (support.parent / "broken.png").write_text("no picture")
    words = ("predict", trained, "--support", support, support / "cat" / "cat2.png", support.parent / "broken.png")
    result = called(*words, "--json")
    assert result.exit_code == 1
    answer, broken = (json.loads(line) for line in result.stdout.splitlines())
    assert {entry["label"] for entry in answer["labels"]} == {"ball", "cat", "dog"}
    assert all(0 <= entry["score"] <= 1 and entry["correct"] is None for entry in answer["labels"])
    assert broken["image"].endswith("broken.png")
    printed = called(*words)
    assert "predicted" in printed.stdout
    assert "broken.png" in printed.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--labels", "cat"), "--labels is for models that score labels, and this is a few-shot model"),
        (("--csv",), "--threshold and --csv are for models that score labels"),
    ],
)
def test_what_is_for_models_that_score_labels(trained: Path, words: tuple[str, ...], message: str) -> None:
    result = called("predict", trained, "--episodes", 1, *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
