"""The file that a run keeps for prediction, damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from compose.training.storage.kept_data import NAME, REMEDY, read_kept
from compose.training.training_errors import CheckpointError


def test_a_run_that_keeps_nothing(tmp_path: Path) -> None:
    assert read_kept(tmp_path) is None


@pytest.mark.parametrize("size", [0, 4, 100])
def test_a_file_that_is_cut_off_is_told_with_what_helps(size: int, tmp_path: Path) -> None:
    path = tmp_path / NAME
    save_file({"vectors": torch.zeros(40, 3)}, path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointError, match=f"{NAME}.*; {REMEDY}$"):
        read_kept(tmp_path)


def test_so_is_one_that_was_changed(tmp_path: Path) -> None:
    save_file({"vectors": torch.zeros(40, 3)}, tmp_path / NAME, metadata={"facts": "{}"})
    with pytest.raises(CheckpointError, match=f"its checksum does not fit.; {REMEDY}$"):
        read_kept(tmp_path)
