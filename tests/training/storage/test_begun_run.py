"""What is left of a run that is to go on, where somebody has deleted or damaged a part of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from compose.errors import SpecErrors
from compose.training.storage.earlier_run import EarlierRun
from compose.training.storage.kept_blocks import KeptFile
from compose.training.storage.resume import load_state, write_record
from compose.training.storage.run_folder import RunFolder
from compose.training.training_errors import CheckpointError


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    (tmp_path / "spec.lock.yaml").write_text("name: small\n")
    return RunFolder(tmp_path)


def test_a_trained_run_without_checkpoints_is_not_begun_anew(folder: RunFolder) -> None:
    nothing: Any = None
    assert load_state(nothing, folder) is None
    folder.weights("last").parent.mkdir(exist_ok=True)
    folder.weights("last").write_bytes(b"trained")
    with pytest.raises(CheckpointError, match=r"checkpoints: no checkpoint is left to go on from; .*last\.safetensors"):
        load_state(nothing, folder)


@pytest.mark.parametrize("text", ["[1, 2]", "text"])
def test_a_lock_that_holds_no_spec_is_told(text: str, folder: RunFolder) -> None:
    folder.lock.write_text(text)
    with pytest.raises(SpecErrors, match=r"spec\.lock\.yaml holds no spec"):
        EarlierRun(folder).changes(cast("Any", None))


@pytest.mark.parametrize("text", ["", "# cut off", "name: [", 'name: "small'])
def test_a_lock_that_is_cut_off_is_told_with_what_helps(text: str, folder: RunFolder) -> None:
    folder.lock.write_text(text)
    with pytest.raises(SpecErrors) as caught:
        EarlierRun(folder).changes(cast("Any", None))
    (error,) = caught.value.errors
    assert error.expected == "the file as the run wrote it, or a new run without --resume"
    assert str(error.place).startswith(f"{folder.lock}:1:")


def test_damaged_records_are_written_anew(folder: RunFolder) -> None:
    class Plan:
        lock, files = "name: small\n", ()

        class data:  # noqa: N801 - stands for an attribute
            text = "{}\n"

    folder.data.write_bytes(b"\xee")
    write_record(cast("Any", Plan), folder)
    assert folder.data.read_text() == "{}\n"


def test_what_prediction_needs_is_kept_anew(folder: RunFolder) -> None:
    class Plan:
        lock, data = "name: small\n", None
        files = (
            KeptFile("prediction.safetensors", b"now", Path("prediction.safetensors")),
            KeptFile("blocks/mine.py", b"now", Path("mine.py")),
        )

    kept = folder.path / "prediction.safetensors"
    kept.write_bytes(b"before")
    write_record(cast("Any", Plan), folder)
    assert kept.read_bytes() == b"now"
    assert not (folder.path / "blocks").exists()
