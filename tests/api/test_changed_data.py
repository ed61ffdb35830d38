"""A run whose pictures or labels have changed since it was trained says so, and calls no label seen that it is not."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import compose
from compose.training.storage.data_record import DataRecord
from compose.training.storage.run_folder import RunFolder

SPEC: dict[str, Any] = {
    "name": "mine",
    "data": {"use": "images", "folder": "photos", "labels": "labels.csv", "size": 32, "unseen": ["wolf"]},
    "labels": {"vectors": {"use": "wordnet", "dim": 8}},
    "model": {
        "backbone": {"use": "backbone", "arch": "conv64", "channels": [4, 4, 8, 8], "taps": ["block3"]},
        "groups": {"use": "channel_groups", "in": "backbone.last"},
        "vectors": {"use": "spatial_max", "in": "groups"},
        "scores": {"use": "max_similarity", "in": ["vectors", "labels.vectors"]},
    },
    "loss": {"rank": {"use": "ranknet", "in": "scores"}},
    "train": {"main": {"stage": "supervised", "epochs": 1, "batch": 4}},
    "evaluate": {"tasks": ["zsl", "gzsl"], "metrics": ["map"]},
}
ROWS = [
    ("train", "cat"),
    ("train", "dog"),
    ("train", "cat;dog"),
    ("train", "dog"),
    ("val", "cat"),
    ("test", "dog;wolf"),
]


def write(rows: list[tuple[str, str]]) -> None:
    """The pictures, and their label file."""
    dice = np.random.default_rng(0)
    Path("photos").mkdir(exist_ok=True)
    lines = ["image,labels,split"]
    for number, (split, labels) in enumerate(rows):
        Image.fromarray(dice.integers(0, 255, (40, 40, 3), np.uint8)).save(f"photos/{number}.png")
        lines.append(f"{number}.png,{labels},{split}")
    Path("labels.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture
def run(here: Path) -> compose.Run:
    """A run on the first rows."""
    write(ROWS)
    return compose.train(SPEC, out="run", device="cpu", progress=False)


def all_told(run: compose.Run) -> list[str]:
    """What evaluating it tells."""
    found: list[str] = []
    run.evaluate(tell=found.append)
    return found


def told(run: compose.Run) -> list[str]:
    """What evaluating it tells of the data."""
    found = all_told(run)
    start = "the data has changed since the run was trained: "
    return [line.removeprefix(start) for line in found if line.startswith(start)]


def test_data_that_has_not_changed(run: compose.Run) -> None:
    assert told(compose.Run("run", device="cpu")) == []
    record = DataRecord.read(RunFolder(Path("run")).data)
    assert record is not None
    assert record.trained == ("cat", "dog")
    assert record.examples == {"train": 4, "val": 1, "test": 1}


def test_a_label_that_was_added_is_not_seen(run: compose.Run) -> None:
    write([*ROWS, ("train", "fox"), ("test", "fox")])
    opened = compose.Run("run", device="cpu")
    assert opened.label_notes == ["the data has changed since the run was trained: 1 label is new (fox)"]
    assert told(opened) == ["1 label is new (fox)", "train has 5 examples, and had 4", "test has 2 examples, and had 1"]
    (found,) = opened.predict("photos/0.png", top=9)
    assert {guess.label: guess.seen for guess in found.guesses} == {
        "cat": True,
        "dog": True,
        "fox": False,
        "wolf": False,
    }
    assert asdict(opened.evaluate()["zsl"].protocol)["num_labels"] == 2


def test_labels_that_moved_and_rows_that_changed(run: compose.Run) -> None:
    write([("train", "dog"), *ROWS[1:]])
    assert told(compose.Run("run", device="cpu")) == ["what the examples show, or their labels, is no longer the same"]
    assert not any("each label: run" in line for line in all_told(run)), "the run's results stay those of its report"
    write(ROWS)
    Image.new("RGB", (90, 90)).save("photos/0.png")
    assert told(compose.Run("run", device="cpu")) == ["what the examples show, or their labels, is no longer the same"]


def test_other_data_that_is_asked_for_is_no_change(run: compose.Run) -> None:
    found: list[str] = []
    run.evaluate(overrides={"data.size": 48}, tell=found.append)
    assert not any("has changed" in line for line in found)


def test_a_run_that_goes_on_says_so_and_trains_on_what_there_is(
    run: compose.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    write([*ROWS, ("train", "fox")])
    compose.train(resume="run", device="cpu")
    notes = capsys.readouterr().err
    assert "note: the run goes on with a change: the data: 1 label is new (fox)" in notes
    lock = Path("run/spec.lock.yaml").read_text()
    assert "# changed after step 1: the data: train has 5 examples, and had 4\n" in lock
    assert DataRecord.read(Path("run/data.json")).trained == ("cat", "dog")  # type: ignore[union-attr]

    compose.train(resume="run", device="cpu")
    assert "the run ended after step 1" in capsys.readouterr().err
    assert Path("run/spec.lock.yaml").read_text() == lock

    longer = compose.train(resume="run", overrides={"train.main.epochs": 2}, device="cpu", progress=False)
    assert DataRecord.read(Path("run/data.json")).trained == ("cat", "dog", "fox")  # type: ignore[union-attr]
    assert longer.report["steps"] == 2
    (found,) = compose.Run("run", device="cpu").predict("photos/0.png", top=9)
    assert {guess.label for guess in found.guesses if guess.seen} == {"cat", "dog", "fox"}


def test_other_vectors_are_refused(run: compose.Run) -> None:
    path = Path("run/data.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "vectors": "other"}))
    with pytest.raises(compose.SpecErrors, match="the labels' vectors are others than in the run run that is to go on"):
        compose.train(resume="run", device="cpu", progress=False)


def test_external_classes_that_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(ROWS)
    for name in ("fox", "bear"):
        for number in range(3):
            path = Path("more") / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (40, 40), "red").save(path)
    external = {"use": "images", "folder": "more", "size": 32, "fractions": [1, 0, 0]}
    spec = {**SPEC, "labels": {**SPEC["labels"], "external": external}}
    compose.train(spec, out="run", device="cpu", progress=False)
    Image.new("RGB", (90, 90)).save("more/fox/0.png")
    compose.train(resume="run", overrides={"train.main.epochs": 2}, device="cpu")
    told = "the data: what the external classes are, or their examples show, is no longer the same"
    assert f"note: the run goes on with a change: {told}" in capsys.readouterr().err
    assert f"# changed after step 1: {told}\n" in Path("run/spec.lock.yaml").read_text()

    Path("more/fox").rename("more/lynx")
    with pytest.raises(compose.SpecErrors, match="the external classes are others than in the run run") as caught:
        compose.train(resume="run", overrides={"train.main.epochs": 3}, device="cpu", progress=False)
    assert "external" in str(caught.value)


def test_a_finished_run_goes_on_by_what_its_spec_says(run: compose.Run) -> None:
    with pytest.raises(compose.SpecErrors, match=r"`train\.main\.optimizer` is \{use: sgd"):
        compose.train(resume="run", overrides={"train.main.optimizer": {"use": "sgd"}}, device="cpu", progress=False)
    moved = Path("photos").rename("pictures")
    compose.train(
        resume="run", overrides={"data.folder": str(moved), "train.main.epochs": 2}, device="cpu", progress=False
    )
    lock = Path("run/spec.lock.yaml").read_text()
    assert re.search(r"^# changed after step 1: data\.folder /\S+/photos -> /\S+/pictures$", lock, re.MULTILINE)
    assert "# changed after step 1: train.main.epochs 1 -> 2\n" in lock
    assert compose.Run("run").spec.values["train"]["main"]["epochs"] == 2  # type: ignore[index]


@pytest.mark.parametrize("left", [None, "{"])
def test_a_lost_record_is_told(run: compose.Run, left: str | None) -> None:
    record = RunFolder(run.folder).data
    record.unlink()
    if left is not None:
        record.write_text(left)
    told: list[str] = []
    compose.Run(run.folder, device="cpu").evaluate(tell=told.append)
    assert any("data.json is gone or damaged" in note for note in told)


def test_a_lock_that_was_edited_by_hand_is_no_way_round(run: compose.Run) -> None:
    lock = RunFolder(run.folder).lock
    lock.write_text(lock.read_text().replace("seed: 0", "seed: 5"))
    with pytest.raises(compose.SpecErrors, match=r"seed") as caught:
        compose.train(resume=run.folder, overrides={"train.main.epochs": 2}, device="cpu", progress=False)
    (error,) = caught.value.errors
    assert error.code == "other-run"
    assert error.place is not None
    assert error.place.document.name.endswith("spec.lock.yaml")
