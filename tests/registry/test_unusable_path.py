"""Paths that are never opened: what is behind them would be waited for, or cannot be there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compose.block import BlockError
from compose.errors import UsageError
from compose.registry.registry import load_block_file, registry
from compose.registry.user_path import NEITHER, NO_HOME, unusable


def test_files_folders_and_what_is_missing_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file", tmp_path / "missing", tmp_path / "file" / "inside"):
        assert unusable(path) == ""


def test_pipes_devices_and_names_that_no_file_has(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert unusable([tmp_path, tmp_path / "pipe"]) == f"{tmp_path / 'pipe'}: {NEITHER}"
    assert unusable({"train": Path("/dev/zero")}) == f"/dev/zero: {NEITHER}"
    assert unusable(Path("x" * 6000)).endswith(": file name too long")


def test_vectors_are_read_from_no_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BlockError, match="a pipe or a device") as caught:
        registry().construct("vectors", "glove", {"path": str(tmp_path / "pipe")})
    assert caught.value.parameter == "path"


def test_a_folder_is_no_file_of_blocks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is no file"):
        load_block_file(tmp_path, registry())


def test_the_home_of_nobody_and_what_may_not_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unusable(Path("~nobody-of-this-name/x")) == f"~nobody-of-this-name/x: {NO_HOME}"
    refusal = PermissionError(13, "Permission denied")
    monkeypatch.setattr(Path, "stat", lambda path: (_ for _ in ()).throw(refusal))
    assert unusable(tmp_path) == f"{tmp_path}: permission denied"
