"""A checkpoint bears its name only once all of it is on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from compose.training.storage.checkpoint import read_tensors, write_tensors
from compose.training.training_errors import CheckpointError


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, replace = os.fsync, os.replace
    done: list[Any] = []

    def recorded_sync(descriptor: int) -> None:
        done.append(("synced", os.fstat(descriptor).st_ino))
        sync(descriptor)

    def recorded_replace(one: Any, other: Any) -> None:
        done.append("named")
        replace(one, other)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(os, "replace", recorded_replace)
    path = tmp_path / "weights.safetensors"
    write_tensors(path, {"x": torch.ones(2)}, {"step": "1"})
    assert done == [("synced", path.stat().st_ino), "named", ("synced", tmp_path.stat().st_ino)]


def test_what_a_killed_process_left_is_deleted(tmp_path: Path) -> None:
    for name in ("step-1.safetensors.partial", ".tmpAbC"):
        (tmp_path / name).write_text("half")
    write_tensors(tmp_path / "step-2.safetensors", {"x": torch.ones(2)}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["step-2.safetensors"]


def test_others_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    (tmp_path / "other").touch()
    write_tensors(path, {"x": torch.ones(2)}, {})
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_tied_weights_are_stored_apart(tmp_path: Path) -> None:
    whole = torch.arange(6.0).view(2, 3)
    tensors = {"whole": whole, "same": whole, "row": whole[1], "turned": whole.T, "none": torch.empty(0)}
    write_tensors(tmp_path / "weights.safetensors", tensors, {"step": "3"})
    found, metadata = read_tensors(tmp_path / "weights.safetensors")
    assert metadata == {"step": "3"}
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


def test_what_cannot_be_read_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: there is no such file"):
        read_tensors(path)
    path.write_bytes(b"half")
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: the file is damaged \("):
        read_tensors(path)
