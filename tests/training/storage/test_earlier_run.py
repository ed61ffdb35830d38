"""What the folder of an earlier run says of going on with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.spec.read import Spec, read_spec
from compose.spec.spec_text import SpecText
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.data_record import DataRecord
from compose.training.storage.earlier_run import EarlierRun, is_reopened, what_goes_on
from compose.training.storage.lock import lock_text, lock_values, versions
from compose.training.storage.run_folder import RunFolder

TEXT = """name: small
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  groups: {use: channel_groups, in: backbone.last}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 2}}
evaluate: {tasks: [zsl], metrics: [map]}
"""
RECORD = DataRecord(
    labels=("cat", "dog"),
    seen=(True, False),
    synsets=(None, None),
    trained=("cat",),
    examples={"train": 3},
    content="a",
    vectors="v",
)


def stage(epochs: int = 2, patience: int | None = None) -> Any:
    return SimpleNamespace(epochs=epochs, patience=patience)


def spec(*overrides: str) -> Spec:
    return read_spec(SpecText(TEXT, "small.yaml"), overrides=overrides)


def state(stages_ended: int = 1, epochs: int = 2, waited: int = 0) -> dict[str, Any]:
    """What a checkpoint between stages says."""
    told = {"spec": lock_values(spec()), "packages": {}, "versions": {**versions(), "torch": "1.0"}}
    ended = {"epochs": epochs, "loop": {"best": {"waited": waited}}} if stages_ended else None
    return {"state": {"stage": stages_ended, "step": 7, "epoch": 0}, "ended": ended, "fingerprint": told}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run that has written its lock and its data."""
    (tmp_path / "spec.lock.yaml").write_text(lock_text(spec()))
    folder = RunFolder(tmp_path)
    folder.data.write_text(RECORD.text)
    return folder


def trained(folder: RunFolder, saved: dict[str, Any]) -> EarlierRun:
    """The run with a checkpoint."""
    Checkpoints(folder.checkpoints).write(7, saved)
    return EarlierRun(folder)


def test_before_the_first_checkpoint_only_the_lock_counts(folder: RunFolder) -> None:
    earlier = EarlierRun(folder)
    assert earlier.step == 0
    assert earlier.changes(spec()) == []
    assert [str(change) for change in earlier.changes(spec("train.main.epochs=5"))] == ["train.main.epochs 2 -> 5"]
    with pytest.raises(SpecErrors, match="`seed` is 3, and is 0 in the run"):
        earlier.changes(spec("seed=3"))
    assert earlier.history(["x"]) == ["changed after step 0: x"]
    assert earlier.data_changes(None, replace(RECORD, examples={"train": 9})) == []  # type: ignore[arg-type]


def test_after_it_what_was_trained_counts_whatever_the_lock_says(folder: RunFolder) -> None:
    earlier = trained(folder, state())
    edited = lock_text(spec("seed=3"))
    assert edited != folder.lock.read_text()
    folder.lock.write_text(edited)
    assert earlier.step == 7
    with pytest.raises(SpecErrors, match="`seed` is 3, and is 0 in the run"):
        earlier.changes(spec("seed=3"))


def test_other_versions_are_history(folder: RunFolder) -> None:
    earlier = trained(folder, state())
    own = versions()["torch"]
    assert earlier.history([]) == [f"changed after step 7: torch 1.0 -> {own}"]


def test_data_that_changed_is_told_until_it_stands_in_the_lock(folder: RunFolder) -> None:
    earlier, now = trained(folder, state()), replace(RECORD, examples={"train": 9})
    made: Any = SimpleNamespace(spec=spec())
    told = earlier.data_changes(made, now)
    assert told == ["the data: train has 9 examples, and had 3"]
    folder.lock.write_text(earlier.lock(spec(), earlier.history(told)))
    assert earlier.data_changes(made, now) == []
    with pytest.raises(SpecErrors, match="the labels' vectors are others than in the run"):
        earlier.data_changes(made, replace(RECORD, vectors="w"))


def test_vectors_of_other_labels_may_be_others(folder: RunFolder) -> None:
    made: Any = SimpleNamespace(spec=spec())
    more = replace(RECORD, labels=("cat", "dog", "fox"), seen=(True, False, False), vectors="w")
    assert trained(folder, state()).data_changes(made, more) == ["the data: 1 label is new (fox)"]
    folder.data.write_text("{")
    assert EarlierRun(folder).data_changes(made, more)[0].startswith(f"{folder.data}")


@pytest.mark.parametrize(
    ("stages_ended", "epochs", "stages", "ends"),
    [
        (0, 0, [stage()], False),
        (1, 2, [stage()], True),
        (1, 2, [stage(), stage()], False),
        (1, 2, [stage(epochs=3)], False),
        (2, 2, [stage(), stage()], True),
    ],
)
def test_whether_all_has_been_trained(
    stages_ended: int, epochs: int, stages: list[Any], ends: bool, folder: RunFolder
) -> None:
    assert not EarlierRun(folder).ends(stages)
    assert trained(folder, state(stages_ended, epochs)).ends(stages) is ends


@pytest.mark.parametrize(
    ("epochs", "patience", "waited", "reopened", "goes_on"),
    [
        (2, None, 9, False, "more of `train.main.epochs`"),
        (3, None, 9, True, "more of `train.main.epochs`"),
        (3, 2, 2, False, "more of `train.main.patience`"),
        (3, 2, 3, False, "more of `train.main.patience`"),
        (3, 2, 1, True, "more of `train.main.epochs`"),
    ],
)
def test_what_makes_an_ended_stage_go_on(
    epochs: int, patience: int | None, waited: int, reopened: bool, goes_on: str
) -> None:
    saved, last = state(1, 2, waited), stage(epochs, patience)
    assert is_reopened([last], saved) is reopened
    assert what_goes_on({"main": last}, saved) == f"{goes_on} makes it go on"


def test_nothing_ended_is_not_reopened() -> None:
    assert not is_reopened([stage(epochs=9)], state(0))
    assert what_goes_on({"main": stage()}, state(0)) == "a further stage makes it go on"
