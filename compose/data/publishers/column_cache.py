"""Columns that were once read out of large text files, kept on disk and mapped into memory the next time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.folders import entries_of

LARGE = 64 << 20
"""Bytes of files from which on what is read out of them is kept; less is read in no time."""
VERSION = 1
"""Of what the columns mean; another one makes all of them anew."""
Columns = Mapping[str, NDArray[np.generic]]


def cached_columns(what: str, files: Iterable[Path], make: Callable[[], Columns]) -> Columns:
    """Columns as they were kept, as long as the files that they were read out of are the same; else made and kept.

    A folder that cannot be written only means reading the files again.

    Args:
        what: what is read out of the files, in short.
        files: the files, or folders of files.
        make: reads them.
    """
    read = [path for file in files for path in _inside(file)]
    if sum(path.stat().st_size for path in read) < LARGE:
        return make()
    folder = _cache() / f"{what}-{_key(what, read)}"
    kept = _load(folder)
    if kept is not None:
        return kept
    made = make()
    _save(folder, made)
    return _load(folder) or made


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "compose" / "publishers"


def _inside(path: Path) -> list[Path]:
    """A file, or the files in a folder."""
    return entries_of(path) if path.is_dir() else [path]


def _key(what: str, files: Iterable[Path]) -> str:
    """A digest of the files' places, sizes and times."""
    states = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps([VERSION, what, states]).encode()).hexdigest()[:32]


def _load(folder: Path) -> Columns | None:
    """The columns in a folder, mapped; None where there are none, or some are damaged."""
    try:
        names = json.loads((folder / "columns.json").read_text("utf-8"))
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in names}
    except (OSError, ValueError):
        return None


def _save(folder: Path, columns: Columns) -> None:
    """Keep columns, whole or not at all, also with many processes."""
    with contextlib.suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=folder.parent, prefix="making-"))
        try:
            for name, column in columns.items():
                np.save(made / f"{name}.npy", column, allow_pickle=False)
            (made / "columns.json").write_text(json.dumps(list(columns)), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
