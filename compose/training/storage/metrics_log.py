"""A run's metrics as JSON lines, and what is left of them after a crash."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from compose.training.storage.run_folder import finite
from compose.training.storage.writing import writing


class MetricsLog:
    """Metrics as JSON lines; each is out of the process when ``write`` returns, so that a kill loses none.

    Args:
        path: the file.
        size: bytes to keep of what is there: a resumed run goes on where its checkpoint was written.
        step: the step of that checkpoint; later lines are left out, too.

    Attributes:
        loss: what was wrong with the file, and is repaired; "" for nothing.

    Raises:
        StorageError: the file cannot be written.
    """

    def __init__(self, path: Path, *, size: int = 0, step: int = 0) -> None:
        self._path = path
        with writing(path):
            kept, self.loss = _whole(path, size, step) if size else (b"", "")
            self._file: IO[bytes] = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115 - closed by close()
            if self.loss:
                self._file.write(kept)
            self._file.truncate(len(kept))
            self._file.seek(0, os.SEEK_END)

    def write(self, values: Mapping[str, Any]) -> None:
        """Append a line; a number that JSON does not have becomes null.

        Raises:
            StorageError: it cannot be written.
        """
        with writing(self._path):
            self._file.write(json.dumps(finite(values)).encode() + b"\n")
            self._file.flush()

    def sync(self) -> int:
        """See that all of it is on the disk; returns how many bytes that is.

        Raises:
            StorageError: it cannot be written.
        """
        with writing(self._path):
            os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the file.

        Raises:
            StorageError: what is left cannot be written.
        """
        with writing(self._path):
            self._file.close()


def _whole(path: Path, size: int, step: int) -> tuple[bytes, str]:
    """The whole lines of a metrics file up to a checkpoint, and what is wrong with the others.

    Args:
        path: the file, which may be missing.
        size: its bytes when the checkpoint was written.
        step: the step of the checkpoint.
    """
    content = path.read_bytes()[:size] if path.exists() else b""
    lines = content.split(b"\n")
    kept = [line for line in lines if _is_row(line, step)]
    whole = b"".join(line + b"\n" for line in kept)
    if len(whole) == size:
        return whole, ""
    return whole, f"{path.name} is damaged: of {size:,} bytes up to step {step}, {len(whole):,} are whole and kept"


def _is_row(line: bytes, step: int) -> bool:
    try:
        row = json.loads(line)
    except ValueError:
        return False
    at = row.get("step") if isinstance(row, dict) else None
    return isinstance(at, int) and at <= step
