"""Checkpoints: the whole state of a run in one safetensors file, written so that a kill at any moment loses nothing.

A file gets its name only when all of it is on the disk, and carries a digest of its content. The one before it is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from compose.digest import CHECKPOINT, DIGEST, FORMAT, digest_of
from compose.training.storage.nested_state import flatten, unflatten
from compose.training.storage.writing import writing
from compose.training.training_errors import CheckpointError

PARTIAL = ".partial"
KEPT = 2


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: where they lie; made when the first is written.

    Attributes:
        damaged: what is wrong with those that :meth:`newest` passed over.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []

    def write(self, step: int, tree: dict[str, Any]) -> Path:
        """Store a state under its step, and delete all but the newest two.

        Raises:
            StorageError: it cannot be written; those before it are left.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{step:09d}.safetensors"
        write_tree(path, tree)
        self.prune(KEPT)
        return path

    def prune(self, kept: int) -> None:
        """Delete all but the newest few."""
        for old in self._files()[kept:]:
            old.unlink()

    def newest(self) -> tuple[Path, dict[str, Any]] | None:
        """The newest whole state and its file; None where there is none.

        Raises:
            CheckpointError: there are files, and not one is whole.
        """
        self.damaged = []
        for path in self._files():
            try:
                return path, read_tree(path)
            except CheckpointError as error:
                self.damaged.append(str(error))
        if self.damaged:
            remedy = f"bring one of {self.folder} back from a copy, or begin a new run without --resume"
            raise CheckpointError("\n".join([f"no checkpoint of this run is whole; {remedy}:", *self.damaged]))
        return None

    def latest(self) -> Path | None:
        """The newest file."""
        return next(iter(self._files()), None)

    @property
    def step(self) -> int:
        """The step of the newest file; 0 where there is none."""
        latest = self.latest()
        return int(latest.stem.split("-")[1]) if latest else 0

    def glance(self) -> dict[str, Any] | None:
        """The newest state without its tensors; None where there is none, or only damaged ones."""
        for path in self._files():
            try:
                with safe_open(path, framework="pt") as file:
                    metadata = file.metadata() or {}
                if metadata.get(FORMAT) == CHECKPOINT:
                    plain: dict[str, Any] = json.loads(metadata["state"])
                    return plain
            except (SafetensorError, OSError, ValueError, KeyError):
                continue
        return None

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("step-*.safetensors"), reverse=True)


def write_tree(path: Path, tree: dict[str, Any]) -> None:
    """Write a nested state to a file, atomically."""
    plain, tensors = flatten(tree)
    tensors, text = storable(tensors), json.dumps(plain)
    write_tensors(path, tensors, {FORMAT: CHECKPOINT, "state": text, DIGEST: digest_of(text, tensors)})


def read_tree(path: Path) -> dict[str, Any]:
    """Read a state back, on the CPU.

    Raises:
        CheckpointError: the file is damaged or something else.
    """
    tensors, metadata = read_tensors(path)
    found = metadata.get(FORMAT, "")
    if found != CHECKPOINT:
        other = "one of another edition" if found.startswith("compose-checkpoint") else "another safetensors file"
        raise CheckpointError(f"{path}: expected a checkpoint of this edition of compose, got {other}")
    if metadata.get(DIGEST) != digest_of(metadata.get("state", ""), tensors):
        raise CheckpointError(f"{path}: the file is damaged (its checksum does not fit)")
    tree = unflatten(json.loads(metadata["state"]), tensors)
    assert isinstance(tree, dict)
    return tree


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write named tensors to a safetensors file, atomically: it bears its name only once all of it is on the disk.

    The folder must be for such files alone: what a killed process left half-written there is deleted.

    Raises:
        StorageError: it cannot be written; what is left of it is deleted.
    """
    partial = path.with_name(path.name + PARTIAL)
    with writing(path):
        try:
            _delete_partial(path.parent)
            partial.touch()
            mode = partial.stat().st_mode
            save_file(storable(tensors), partial, metadata=dict(metadata))
            partial.chmod(mode)  # safetensors lets nobody but the owner read
            _sync(partial)
            os.replace(partial, path)
            _sync(path.parent)
        except (OSError, SafetensorError):
            with suppress(OSError):
                _delete_partial(path.parent)
            raise


def _delete_partial(folder: Path) -> None:
    """Delete what is half-written in a folder; ``.tmp`` is how safetensors names it."""
    for left in [*folder.glob(f"*{PARTIAL}"), *folder.glob(".tmp*")]:
        left.unlink()


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a safetensors file, on the CPU, and its metadata.

    Raises:
        CheckpointError: there is no such file, or it is damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            # Copies, as the file may be deleted while they are in use.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - it is no dict
            return tensors, file.metadata() or {}
    except FileNotFoundError:
        raise CheckpointError(f"{path}: there is no such file") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: the file is damaged ({error})") from None


def storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Contiguous copies on the CPU; safetensors takes no tensors that share memory, as tied weights do."""
    seen: set[int] = set()
    stored = {}
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        if tensor.numel() and tensor.untyped_storage().data_ptr() in seen:
            tensor = tensor.clone()
        seen.add(tensor.untyped_storage().data_ptr())
        stored[name] = tensor
    return stored


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
