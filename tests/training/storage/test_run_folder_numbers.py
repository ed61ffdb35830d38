"""Runs of one second get folders with numbers; a write that fails tells why and leaves nothing behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from compose.training.storage.folder_lock import FolderLock
from compose.training.storage.run_folder import RunFolder, write_text
from compose.training.storage.writing import StorageError
from compose.training.training_errors import TrainingError


def test_the_thousandth_run_of_a_second_is_refused(tmp_path: Path) -> None:
    first = RunFolder.named(tmp_path, "ml2p")
    made = [first.make().path.name for _ in range(3)]
    assert made == [first.path.name, f"{first.path.name}-2", f"{first.path.name}-3"]
    for number in range(4, 1000):
        first.path.with_name(f"{first.path.name}-{number}").mkdir()
    with pytest.raises(TrainingError, match="ml2p has a thousand runs of this second; name a folder with --out"):
        first.make()


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_text_that_cannot_be_begun_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock.yaml").write_text("before", "utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", no_space)
        with pytest.raises(StorageError, match="no space left on device; make room on that disk"):
            write_text(tmp_path / "lock.yaml", "after")
    assert (tmp_path / "lock.yaml").read_text("utf-8") == "before"


def test_a_text_that_cannot_be_ended_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", no_space)
        with pytest.raises(StorageError):
            write_text(tmp_path / "lock.yaml", "after")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_cannot_be_signed_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", no_space)
        with pytest.raises(StorageError, match="no space left on device"):
            FolderLock.take(tmp_path)
    FolderLock.take(tmp_path).release()
