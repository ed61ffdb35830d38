"""The rows that were once picked out of a large file of vectors, kept for the next run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LARGE = 64 << 20
VectorRows = Mapping[str, NDArray[np.float32]]


def cache_path(path: Path, words: Collection[str], *, how: str) -> Path | None:
    """Where the rows of these words out of this state of a file are kept; None for a file that is read in no time.

    Args:
        path: the file.
        words: the words asked for.
        how: what else decides on what is kept.
    """
    state = path.stat()
    if state.st_size < LARGE:
        return None
    key = json.dumps([2, str(path.resolve()), state.st_size, state.st_mtime_ns, how, sorted(words)])
    return _folder() / f"vectors-{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"


def load_rows(path: Path) -> dict[str, NDArray[np.float32]] | None:
    """The rows kept in a file; None where there is none, or it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            words, rows = arrays["words"].tobytes().decode("utf-8"), arrays["rows"]
        return dict(zip(json.loads(words), rows.astype(np.float32, copy=False), strict=True))
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile, zlib.error):
        return None


def save_rows(path: Path, rows: VectorRows) -> None:
    """Keep rows. A folder that cannot be written only means reading the large file again."""
    words = np.frombuffer(json.dumps(list(rows)).encode("utf-8"), dtype=np.uint8)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            try:
                np.savez(file, words=words, rows=np.stack(list(rows.values())))
                file.close()
                os.replace(file.name, path)  # whole or not at all, also with many processes
            except BaseException:
                file.close()
                os.unlink(file.name)
                raise


def _folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "compose"
