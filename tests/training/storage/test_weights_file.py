"""A file of weights is refused by name after the smallest change."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from compose.training.storage.weights_file import read_weights_file, write_weights
from compose.training.training_errors import CheckpointError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "last.safetensors"
    write_weights(path, {"a.weight": torch.tensor([[1.5, -2.0], [0.0, 3.0]]), "b": torch.tensor(7)}, step=12)
    return path


def test_what_is_written_is_read(file: Path) -> None:
    read = read_weights_file(file)
    assert read["a.weight"].tolist() == [[1.5, -2.0], [0.0, 3.0]]
    assert read["b"] == 7


def test_every_flipped_bit_is_seen(file: Path) -> None:
    content = file.read_bytes()
    for position in range(len(content)):
        for bit in range(8):
            changed = bytearray(content)
            changed[position] ^= 1 << bit
            file.write_bytes(changed)
            with pytest.raises(CheckpointError, match=r"last\.safetensors"):
                read_weights_file(file)


def test_a_cut_file_is_damaged(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(CheckpointError, match=r"the file is damaged .*; copy it again"):
        read_weights_file(file)


def test_what_no_run_wrote_is_told_as_such(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="expected weights that a run wrote"):
        read_weights_file(tmp_path / "other.safetensors")


def test_tied_weights_are_kept(tmp_path: Path) -> None:
    shared = torch.arange(4.0)
    write_weights(tmp_path / "tied.safetensors", {"a": shared, "b": shared, "c": shared.view(2, 2).T}, step=1)
    read = read_weights_file(tmp_path / "tied.safetensors")
    assert torch.equal(read["a"], read["b"])
    assert read["c"].tolist() == [[0, 2], [1, 3]]
