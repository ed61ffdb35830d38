"""``compose train``, ``evaluate`` and ``predict``: one small run, used in all ways."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner

from compose.cli.app import app
from compose.errors import UsageError
from compose.spec.read import read_spec
from compose.training.storage.find_run import find_run, newest_run

from .conftest import SPEC


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of ``small.yaml``, beside that file."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "small.yaml").write_text(SPEC)
    run = folder / "runs" / "small" / "first"
    words = ["train", folder / "small.yaml", "-v", "three", "-s", "seed=5", "--out", run, "--device", "cpu"]
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.stderr
    assert "zsl" in result.stdout
    assert "class prior" in result.stdout
    assert "variant three -s seed=5" in result.stderr
    assert "everything is in" in result.stderr
    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures and a broken one."""
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    dice = np.random.default_rng(0)
    for name in ("a.png", "b.jpg", "deeper/c.PNG"):
        Image.fromarray(dice.integers(0, 255, (40, 30, 3), np.uint8)).save(folder / name)
    (folder / "broken.png").write_bytes(b"nothing")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_the_lock_file_repeats_the_run(trained: Path) -> None:
    lock = trained / "spec.lock.yaml"
    text = lock.read_text()
    assert "small.yaml -v three -s seed=5" in text
    assert "torch " in text.splitlines()[1]
    values = read_spec(str(lock)).values
    wanted = read_spec(str(trained.parents[2] / "small.yaml"), variants=["three"], overrides=["seed=5"]).values
    assert values == {**wanted, "name": "small-three"}


def test_evaluate_gives_what_training_reported(run: Any, trained: Path) -> None:
    result = run("evaluate", trained, "--device", "cpu", "--json", "-o", "again.json")
    assert result.exit_code == 0, result.stderr
    reported = json.loads((trained / "report.json").read_text())["result"]
    assert json.loads(result.stdout) == reported
    assert json.loads(Path("again.json").read_text()) == reported


def test_evaluate_by_another_protocol(run: Any, trained: Path) -> None:
    weights = trained / "weights" / "last.safetensors"
    result = run("evaluate", weights, "-s", "evaluate.tasks=[seen]", "-s", "data.test=48", "-o", "seen.md")
    assert result.exit_code == 0, result.stderr
    assert "all 48 images, 128 labels" in result.stdout
    assert Path("seen.md").read_text().startswith("| task |")


def test_predict(run: Any, trained: Path, pictures: Path) -> None:
    result = run("predict", trained, pictures, "--top", 3, "--labels", "unseen")
    assert result.exit_code == 1
    assert "broken.png: not a picture that can be read" in result.stderr
    lines = result.stdout.splitlines()
    assert [Path(line).name for line in lines if line.startswith("/")] == ["a.png", "b.jpg", "c.PNG"]
    assert len(lines) == 3 * (1 + 3)
    assert all(line.endswith("unseen") for line in lines if not line.startswith("/"))


def test_predict_json(run: Any, trained: Path, pictures: Path) -> None:
    result = run("predict", trained, pictures / "a.png", pictures / "broken.png", "--json", "--top", 2)
    good, bad = map(json.loads, result.stdout.splitlines())
    assert [set(label) for label in good["labels"]] == [{"label", "score", "seen"}] * 2
    assert good["labels"][0]["score"] >= good["labels"][1]["score"]
    assert bad == {"image": str(pictures / "broken.png"), "error": "not a picture that can be read"}
    assert result.exit_code == 1
    assert run("predict", trained, pictures / "a.png").exit_code == 0


def test_predict_on_the_data_of_the_run_marks_what_is_right_and_draws_the_attention(run: Any, trained: Path) -> None:
    result = run("predict", trained, "--examples", 3, "--attention", "looks.png", "--json", "--top", 4)
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["image"] for line in lines] == ["test 0", "test 1", "test 2"]
    assert {label["correct"] for line in lines for label in line["labels"]} <= {True, False}
    width, height = Image.open("looks.png").size
    assert width > 5 * 160
    assert height > 3 * 192
    shown = run("predict", trained, "--examples", 1)
    assert all(line.endswith(("right", "wrong", "missed")) for line in shown.stdout.splitlines()[1:])


def test_predict_draws_the_attention_over_the_users_pictures(run: Any, trained: Path, pictures: Path) -> None:
    result = run("predict", trained, pictures / "a.png", "--attention", "looks.png", "--labels", "unseen")
    assert result.exit_code == 0, result.stderr
    assert "wrote looks.png" in result.stderr
    assert Image.open("looks.png").size[1] > 192


def test_predict_says_what_is_missing_for_attention(run: Any, trained: Path) -> None:
    assert "name pictures, or take --examples N" in run("predict", trained).stderr
    assert "ends in .png" in run("predict", trained, "--examples", 1, "--attention", "x.txt").stderr
    assert "there is no folder none" in run("predict", trained, "--examples", 1, "--attention", "none/x.png").stderr


def test_predict_says_what_is_missing(run: Any, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no pictures" in run("predict", trained, tmp_path / "empty").stderr
    assert "there is no file x.png" in run("predict", trained, "x.png").stderr
    missing = run("predict", "runs/none", "x.png")
    assert missing.exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "RUN", "--spec"], "seed: 5"),
        (["show", "RUN", "--model"], "unshuffle"),
        (["graph", "RUN"], "unshuffle"),
        (["code", "RUN"], "class Small"),
        (["validate", "RUN"], "ok "),
        (["describe", "RUN"], "spec.lock.yaml"),
        (["show", "RUN/weights/last.safetensors", "--spec"], "seed: 5"),
        (["show", "RUN/..", "--spec"], "seed: 5"),
    ],
)
def test_what_takes_a_spec_takes_a_run(run: Any, trained: Path, words: list[str], told: str) -> None:
    result = run(*(word.replace("RUN", str(trained)) for word in words))
    assert result.exit_code == 0, result.stderr
    assert told in result.stdout


def test_a_run_is_repeated(run: Any, trained: Path) -> None:
    result = run("train", trained, "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    [folder] = Path("runs/small-three").glob("*")
    again, before = (load_file(kept / "weights" / "last.safetensors") for kept in (folder, trained))
    assert all(torch.equal(again[name], before[name]) for name in again)


def test_resume(run: Any, trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.parents[2])
    result = run("train", "--resume", trained)
    assert result.exit_code == 0, result.stderr
    assert "the run ended after step 2: more of `train.main.epochs` makes it go on" in result.stderr
    assert run("train", "small.yaml", "-v", "no-attention", "--resume").exit_code == 2


def test_resume_finds_the_newest_run(run: Any) -> None:
    for index, name in enumerate(("20300101-000000", "20300102-000000")):
        folder = Path("runs/small") / name
        folder.mkdir(parents=True)
        (folder / "spec.lock.yaml").write_text("name: small\n")
        os.utime(folder / "spec.lock.yaml", (index, index))
    assert newest_run(Path("runs/small")) == Path("runs/small/20300102-000000")
    assert find_run(Path("runs/small/20300101-000000")).weights is None
    assert find_run(Path("runs")).folder.name == "20300102-000000"
    with pytest.raises(UsageError, match="did you mean runs/small/20300102-000000"):
        find_run(Path("runs/small/20300102"))


def test_resume_finds_the_newest_run_of_the_name_that_an_override_gives(run: Any, trained: Path) -> None:
    assert trained.parent.name == "small"
    result = run("train", "small.yaml", "-s", "name=other", "--resume")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no run of `other` in runs/; without --resume a new one begins\n"


def test_nothing_is_written_before_all_is_right(run: Any) -> None:
    wide = ("-s", "model.wide={use: linear, in: unshuffle, size: 5}", "-s", "model.scores={in: [wide, labels.vectors]}")
    result = run("train", "small.yaml", *wide)
    assert result.exit_code == 2
    assert "[shape-mismatch]" in result.stderr
    assert "the spec has no `train:`" in run("train", "small.yaml", "-s", "train=").stderr
    assert "the spec has no `loss:`" in run("train", "small.yaml", "-s", "loss=").stderr
    assert run("train").exit_code == 2
    assert not Path("runs").exists()
