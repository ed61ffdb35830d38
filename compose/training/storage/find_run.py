"""Find a run from what the user says: its folder, one of its weights files, or the newest of a spec."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compose.errors import UsageError, nearest

if TYPE_CHECKING:
    from compose.training.stages.work import TrainableModel
    from compose.training.storage.run_folder import RunFolder

ROOT = Path("runs")
LOCK = "spec.lock.yaml"


@dataclass(frozen=True)
class FoundRun:
    """A run on the disk.

    Args:
        folder: its folder.
        weights: the file of weights or of a checkpoint that was named; None where the folder was.
    """

    folder: Path
    weights: Path | None = None

    @property
    def lock(self) -> Path:
        """The spec from which it repeats."""
        return self.folder / LOCK

    def load(self, built: TrainableModel, which: str | None) -> None:
        """Load its weights into its model, or into that part of it which gives the scores.

        Args:
            built: the model of its lock file.
            which: ``last`` or ``best``; None for the file that was named, or the last.

        Raises:
            CheckpointError: there are none, or they do not fit.
        """
        from compose.training.storage.checkpoint import read_tree
        from compose.training.storage.weights import fit, load_weights
        from compose.training.storage.weights_file import read_weights_file

        nodes = {name for name, _ in built.training.named_children()}
        if which is None and self.weights is not None:
            is_checkpoint = self.weights.parent.name == "checkpoints"
            tensors = read_tree(self.weights)["model"] if is_checkpoint else read_weights_file(self.weights)
            fit(built.training, tensors, str(self.weights), nodes=nodes)
        else:
            load_weights(self.folder, built.training, which="best" if which == "best" else "last", nodes=nodes)


def find_run(path: Path) -> FoundRun:
    """The run of a folder, or of a file inside one.

    Raises:
        UsageError: there is none.
    """
    for folder in (path, path.parent, path.parent.parent):
        if (folder / LOCK).is_file():
            return FoundRun(folder, path if path.suffix == ".safetensors" else None)
    if path.is_dir():
        newest = newest_run(path)
        if newest is not None:
            return FoundRun(newest)
        raise UsageError(f"{path} is no run: it has no {LOCK}")
    what = f"{path} is no run: there is no {LOCK} beside it" if path.exists() else f"there is no run {path}"
    close = nearest(str(path), map(str, runs_below(ROOT)))
    raise UsageError(f"{what}; did you mean {close}?" if close else f"{what}; `compose train` makes one")


def lock_of(path: Path) -> Path | None:
    """The spec of a run that a path names: its folder, a folder of runs (the newest counts), or one of its weights
    files; None where it names none."""
    if not os.path.isdir(path) and path.suffix != ".safetensors":
        return None
    try:
        return find_run(path).lock
    except UsageError:
        return None


def newest_run(folder: Path) -> Path | None:
    """The run below a folder that was begun last."""
    found = runs_below(folder)
    return max(found, key=lambda path: ((path / LOCK).stat().st_mtime, path.name)) if found else None


def newest_of(
    spec: str,
    variants: Sequence[str] = (),
    overrides: Sequence[str] = (),
    *,
    otherwise: str = "`compose train` makes one",
) -> Path:
    """The newest run of a spec.

    Args:
        spec: a path, or the name of a packaged spec.
        variants: the variants that were laid over it.
        overrides: the overrides laid over those, which may name it otherwise.
        otherwise: what the error says to do where there is none.

    Raises:
        SpecErrors: the spec cannot be read.
        UsageError: it has no run.
    """
    from compose.spec.layers.resolve import resolve

    name = resolve(spec, variants=variants, overrides=overrides).name
    folder = newest_run(ROOT / name) or (ROOT / name if (ROOT / name / LOCK).is_file() else None)
    if folder is None:
        raise UsageError(f"there is no run of `{name}` in {ROOT}/; {otherwise}")
    return folder


def runs_below(folder: Path) -> list[Path]:
    """All runs one or two levels below a folder."""
    return sorted(lock.parent for pattern in (f"*/{LOCK}", f"*/*/{LOCK}") for lock in folder.glob(pattern))


def new_folder(out: Path | None, name: str) -> RunFolder:
    """The folder of a run that begins: the one asked for, or ``runs/NAME/TIME``."""
    from compose.training.storage.run_folder import RunFolder

    return RunFolder(out) if out is not None else RunFolder.named(ROOT, name)
