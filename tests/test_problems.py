"""Everything that would stop a run is found before it starts, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import load
from compose.problems import LISTED, notes, problems

SPEC = """
name: small
data: {use: images, folder: ., labels: labels.csv, size: 32, unseen: [b]}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  pyramid: {use: forward_pyramid, in: backbone, channels: 16}
  groups: {use: channel_groups, in: pyramid, groups: 2}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: [{stage: supervised, batch: 2, freeze: [bakbone]}]
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def _labels(folder: Path, names: list[str], count: int) -> None:
    lines = ["image,labels,split", *(f"{i}.png,{names[i % len(names)]},train" for i in range(count))]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def test_every_level_at_once(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    made = load("small.yaml", overrides=["labels.vectors.dim=9"])
    found = problems(made)
    codes = [error.code for error in found]
    assert codes[0] == "shape-mismatch"
    assert "bad-parameter" in codes
    assert "data" in codes
    stage = next(error for error in found if error.code == "bad-parameter")
    assert "no node matches `bakbone`; did you mean `backbone`?" in stage.message
    assert stage.place is not None
    assert stage.place.line == 12
    assert [error.code for error in problems(made, data=False)] == [code for code in codes if code != "data"]


def test_many_problems_of_the_data_are_one_error(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 60)
    (error,) = [error for error in problems(load("small.yaml")) if error.code == "data"]
    assert error.place is not None
    assert error.place.line == 3
    assert len(error.notes) <= LISTED + 1


def test_tasks_without_labels(folder: Path) -> None:
    _labels(folder, ["cat", "dog"], 4)
    found = problems(load("small.yaml", overrides=["data.unseen=[]"]), data=False)
    assert "zsl: expected unseen labels" in " ".join(error.message for error in found)


def test_a_good_spec_has_none(folder: Path) -> None:
    made = load("zoo/starter.yaml", overrides=["data.size=32"])
    assert problems(made) == []
    assert notes(made) == []
