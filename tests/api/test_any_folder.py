"""A run is asked, measured and continued from any folder, also after it was moved; asking it needs none of its data."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import compose
from compose.blocks.vision.conv64 import Conv64
from compose.errors import SpecErrors
from compose.training.storage.kept_data import NAME, read_kept
from compose.training.training_errors import CheckpointError

SPEC = """\
name: mine
data: {use: images, folder: photos, labels: labels.csv, size: 16, unseen: [wolf]}
labels: {vectors: {use: file, path: vectors.txt}, clusters: 2, standardise: true}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4], taps: [block2], weights: start.safetensors}
  pooled: {use: reduce, in: backbone.last, pattern: b c h w -> b c}
  vectors: {use: rearrange, in: pooled, pattern: b c -> b 1 c}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 4, optimizer: {use: adam, lr: 1e-3}}}
evaluate: {tasks: [gzsl], metrics: [map]}
"""
ROWS = ("dog;wolf", "cat", "dog;cat", "dog;wolf", "cat", "dog;cat", "dog;wolf", "cat", "dog;cat", "dog;wolf")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, its data, and a run of it."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "photos").mkdir()
    for number in range(len(ROWS)):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{number}.png")
    lines = "".join(f"{number}.png,{row}\n" for number, row in enumerate(ROWS))
    (folder / "labels.csv").write_text(f"image,labels\n{lines}")
    (folder / "vectors.txt").write_text("dog 1 0 0 1\ncat 0 1 0 1\nwolf 1 0 1 0\n")
    save_file(Conv64(3, channels=[4, 4]).state_dict(), folder / "start.safetensors")
    (folder / "spec.yaml").write_text(SPEC)
    compose.train(folder / "spec.yaml", out=folder / "run", device="cpu")
    return folder


def scores(run: Path, picture: Path) -> list[tuple[str, float, bool | None]]:
    (prediction,) = compose.predict(run, picture, device="cpu")
    assert len(prediction.guesses) == 3
    return [(guess.label, guess.score, guess.seen) for guess in prediction.guesses]


def moved(home: Path, to: Path) -> Path:
    """The folder and its run at another place, the run's data there."""
    shutil.copytree(home, to)
    lock = to / "run" / "spec.lock.yaml"
    lock.write_text(lock.read_text().replace(str(home), str(to)))
    return to


def test_the_lock_holds_for_every_folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, result = scores(home / "run", home / "photos" / "0.png"), compose.evaluate(home / "run", device="cpu")
    shutil.copytree(home / "run", tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    values = compose.Run("moved").spec.values
    assert values["data"]["folder"] == str(home / "photos")  # type: ignore[index, call-overload]
    assert scores(Path("moved"), home / "photos" / "0.png") == first
    assert compose.evaluate("moved", device="cpu") == result
    resumed = compose.train(resume="moved", device="cpu")
    assert resumed.results == result


def test_asking_needs_neither_data_nor_vectors_nor_first_weights(home: Path, tmp_path: Path) -> None:
    picture = home / "photos" / "0.png"
    first = scores(home / "run", picture)
    kept = moved(home, tmp_path / "copy")
    for name in ("photos", "labels.csv", "vectors.txt", "start.safetensors"):
        (kept / name).rename(tmp_path / name)
    assert scores(kept / "run", picture) == first
    run = compose.Run(kept / "run", device="cpu")
    assert run.labels.label_set("unseen").names == ("wolf",)
    assert set(run.label_inputs()) == {"labels_vectors"}
    with pytest.raises(SpecErrors, match=rf"spec\.lock\.yaml:.*there is no folder {kept}/photos"):
        compose.evaluate(kept / "run", device="cpu")
    for name in ("photos", "labels.csv", "vectors.txt"):
        (tmp_path / name).rename(kept / name)
    assert compose.evaluate(kept / "run", device="cpu") == compose.evaluate(home / "run", device="cpu")


def test_labels_that_are_added_are_kept_when_the_run_goes_on(home: Path, tmp_path: Path) -> None:
    kept = moved(home, tmp_path / "copy")
    (kept / "vectors.txt").write_text("dog 1 0 0 1\ncat 0 1 0 1\nwolf 1 0 1 0\nfox 1 1 1 1\n")
    rows = (kept / "labels.csv").read_text()
    (kept / "labels.csv").write_text(rows.replace("dog;wolf", "dog;wolf;fox"))
    compose.train(resume=kept / "run", overrides={"train.main.epochs": 2}, device="cpu")
    found = read_kept(kept / "run")
    assert found is not None
    assert found.source.labels.names == ("cat", "dog", "fox", "wolf")


def test_a_run_goes_on_without_the_weights_that_it_began_with(home: Path, tmp_path: Path) -> None:
    kept = moved(home, tmp_path / "copy")
    (kept / "start.safetensors").unlink()
    assert compose.train(resume=kept / "run", overrides={"train.main.epochs": 2}, device="cpu").report["steps"] == 4
    with pytest.raises(SpecErrors, match=r"start\.safetensors, which is not there"):
        compose.train(kept / "run" / "spec.lock.yaml", out=tmp_path / "again", device="cpu")


def test_damage_to_what_is_kept_is_seen(home: Path, tmp_path: Path) -> None:
    kept = moved(home, tmp_path / "copy")
    (kept / "vectors.txt").unlink()
    path = kept / "run" / NAME
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=rf"{NAME}: the file is damaged"):
        compose.predict(kept / "run", home / "photos" / "0.png", device="cpu")


def test_what_is_kept(home: Path) -> None:
    kept = read_kept(home / "run")
    assert kept is not None
    assert kept.source.labels.names == ("cat", "dog", "wolf")
    assert kept.source.labels.seen == (True, True, False)
    assert kept.vectors is not None
    assert torch.equal(kept.vectors(["wolf"], [None]), torch.tensor([[1.0, 0.0, 1.0, 0.0]]))
    assert (kept.graph, kept.external) == (None, None)
    assert read_kept(home) is None


def test_labels_of_the_run_need_no_file_and_others_the_vectors(home: Path, tmp_path: Path) -> None:
    there = moved(home, tmp_path / "there")
    picture, run = home / "photos" / "0.png", there / "run"
    (there / "vectors.txt").unlink()
    known = {label: score for label, score, _ in scores(run, picture)}
    (asked,) = compose.predict(run, picture, labels=["wolf", "dog"], device="cpu")
    assert {guess.label: guess.score for guess in asked.guesses} == {label: known[label] for label in ("wolf", "dog")}
    with pytest.raises(compose.UsageError, match=r"labels: .*vectors\.txt"):
        compose.predict(run, picture, labels=["dog", "fox"], device="cpu")
    (there / "vectors.txt").write_text("dog 9 9 9 9\nfox 1 0 1 0\n")
    (asked,) = compose.predict(run, picture, labels=["dog", "fox"], device="cpu")
    assert {guess.label: guess.score for guess in asked.guesses} == {"dog": known["dog"], "fox": known["wolf"]}
    with pytest.raises(compose.UsageError, match=r"`fix`.*nearest: `fox`"):
        compose.predict(run, picture, labels=["fix"], device="cpu")
