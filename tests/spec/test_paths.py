"""Where a spec's files are found: from the folder of the file that names them, from the current one with ``-s``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.api.reading import read
from compose.registry.user_path import expanded
from compose.spec.layers.resolve import resolve
from compose.spec.layers.sweep import sweep

SPEC = """\
name: mine
data: {use: images, folder: photos, labels: labels.csv, size: 32, unseen: unseen.txt}
labels: {vectors: {use: glove, path: vectors/glove.txt}, graph: {use: wup, taxonomy: ~/taxonomy.npz}}
model:
  backbone: {use: backbone, arch: conv64, weights: start.pth}
  region: {use: reader, in: backbone.last, weights: other.pth}
  vectors: {use: spatial_max, in: region}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
blocks:
  reader:
    inputs: [maps]
    params: {weights: fallback.pth}
    model: {net: {use: backbone, in: maps, arch: conv64, weights: $weights}}
    outputs: net.last
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 4, optimizer: {use: adam, lr: 1e-3}}}
evaluate: {tasks: [zsl], metrics: [map]}
variants:
  other: {data: {labels: $HOME/labels.csv}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "base").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "base" / "spec.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def values(spec: Any, **options: Any) -> dict[str, Any]:
    return read(spec, **options).values


def test_paths_start_in_the_folder_of_the_spec(folder: Path) -> None:
    found = values("../base/spec.yaml")
    base = folder / "base"
    data = found["data"]
    assert (data["folder"], data["labels"], data["unseen"]) == (
        str(base / "photos"),
        str(base / "labels.csv"),
        str(base / "unseen.txt"),
    )
    assert found["labels"]["vectors"]["path"] == str(base / "vectors/glove.txt")
    assert found["model"]["backbone"]["weights"] == str(base / "start.pth")


def test_so_do_those_of_composites(folder: Path) -> None:
    spec = read(folder / "base" / "spec.yaml")
    found = spec.values
    assert found["model"]["region"]["weights"] == str(folder / "base/other.pth")
    assert found["blocks"]["reader"]["params"]["weights"] == str(folder / "base/fallback.pth")
    assert found["blocks"]["reader"]["model"]["net"]["weights"] == "$weights"
    step = next(step for step in spec.plan.steps if step.name == "region.net")
    assert step.params["weights"] == str(folder / "base/other.pth")


def test_home_and_variables_and_absolute_paths_stay(folder: Path) -> None:
    found = values(folder / "base" / "spec.yaml", variants="other", overrides=["data.folder=/photos"])
    assert found["labels"]["graph"]["taxonomy"] == "~/taxonomy.npz"
    assert found["data"]["labels"] == "$HOME/labels.csv"
    assert found["data"]["folder"] == "/photos"


def test_overrides_start_in_the_current_folder(folder: Path) -> None:
    found = values(folder / "base" / "spec.yaml", overrides=["data.labels=mine.csv", "data.unseen=[cat]"])
    assert found["data"]["labels"] == str(folder / "here" / "mine.csv")
    assert found["data"]["unseen"] == ["cat"]
    assert found["data"]["folder"] == str(folder / "base" / "photos")


def test_each_layer_starts_in_its_own_folder(folder: Path) -> None:
    (folder / "here" / "more.yaml").write_text("extends: ../base/spec.yaml\ndata: {labels: own.csv}\n")
    found = values("more.yaml")
    assert found["data"]["labels"] == str(folder / "here" / "own.csv")
    assert found["data"]["folder"] == str(folder / "base" / "photos")


def test_texts_and_packaged_specs_start_in_the_current_folder(folder: Path) -> None:
    assert values(SPEC)["data"]["labels"] == str(folder / "here" / "labels.csv")
    found = values("zoo/hybrids/desire-pictures.yaml", variants="photos")
    assert found["data"]["labels"] == str(folder / "here" / "photos/labels.csv")


@pytest.mark.parametrize(
    ("given", "is_path"),
    [
        ("none", False),
        ("imagenet", False),
        ("a1_in1k", False),
        ("IMAGENET1K_V1", False),
        ("start.pth", True),
        ("runs/a", True),
        ("there", True),
    ],
)
def test_names_of_published_weights_are_no_paths(folder: Path, given: str, is_path: bool) -> None:
    (folder / "here" / "there").touch()
    found = values(folder / "base" / "spec.yaml", overrides=[f"model.backbone.weights={given}"])
    expected = str(folder / "here" / given) if is_path else given
    assert found["model"]["backbone"]["weights"] == expected


def test_the_values_of_a_sweep_start_in_the_folder_of_the_spec(folder: Path) -> None:
    file = folder / "base" / "swept.yaml"
    file.write_text("extends: spec.yaml\nsweeps: {files: {data.labels: [a.csv, /b.csv]}}\n")
    members = sweep(resolve(str(file)), "files")
    found = [values(file, overrides=member.overrides)["data"]["labels"] for member in members]
    assert found == [str(folder / "base" / "a.csv"), "/b.csv"]


def test_a_resolved_spec_resolves_to_itself(folder: Path) -> None:
    found = values(folder / "base" / "spec.yaml")
    assert values({**found}) == found


# --- as the file system has them -------------------------------------------------------------------------------------


def test_home_and_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("DATA", "/big/data")
    given = [Path("~/a"), Path("$HOME/a"), Path("${DATA}"), Path("$DATA/b/c"), Path("plain/$DATA"), Path("$DATA.csv")]
    assert [str(expanded(path)) for path in given] == [
        "/home/me/a",
        "/home/me/a",
        "/big/data",
        "/big/data/b/c",
        "plain/$DATA",
        "$DATA.csv",
    ]
    assert expanded([Path("~/a")]) == [Path("/home/me/a")]
    assert expanded({"train": Path("~/a")}) == {"train": Path("/home/me/a")}
    assert expanded("~/text") == "~/text"


def test_a_variable_that_names_no_folder_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.delenv("NOWHERE", raising=False)
    assert expanded(Path("$TOKEN/a")) == Path("$TOKEN/a")
    assert expanded(Path("$NOWHERE/a")) == Path("$NOWHERE/a")


def test_no_folder_on_the_way_needs_to_stay(folder: Path) -> None:
    """What a spec in another folder names is found when the folder is gone that the command was called from."""
    assert values("../base/spec.yaml", overrides=["data.folder=../base/./photos"])["data"]["folder"] == str(
        folder / "base" / "photos"
    )


def test_the_way_back_from_a_link_leads_to_where_it_points(folder: Path) -> None:
    (folder / "far" / "away").mkdir(parents=True)
    (folder / "here" / "link").symlink_to(folder / "far" / "away")
    found = values("../base/spec.yaml", overrides=["data.folder=link/../photos"])["data"]["folder"]
    assert Path(found).resolve() == folder.resolve() / "far" / "photos"
