"""The folder of a run.

```
spec.lock.yaml   the resolved spec with versions and seed, from which the run repeats
blocks/          the user's own block files that the spec needs
metrics.jsonl    one JSON object a line, as training goes
events/          TensorBoard
checkpoints/     the newest states, for --resume
weights/         last.safetensors, best.safetensors: the model's weights alone
report.md        the result for people, report.json for tools
modules.svg      how often each label uses each module, where the model tells; modules.csv for tools
```
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from compose.training.storage.kept_blocks import KeptFile
from compose.training.training_errors import TrainingError


@dataclass(frozen=True)
class RunFolder:
    """Names of what a run leaves behind; nothing is made before :meth:`begin`.

    Args:
        path: the folder.
    """

    path: Path

    @classmethod
    def named(cls, root: Path, name: str, *, variant: str | None = None) -> RunFolder:
        """A folder that does not exist yet: ``ROOT/NAME-VARIANT/20300131-235959``."""
        parent = root / (f"{name}-{variant}" if variant else name)
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        free = (parent / (stamp + suffix) for suffix in ["", *(f"-{n}" for n in range(2, 1000))])
        return cls(next(path for path in free if not path.exists()))

    def begin(self, lock: str, blocks: Sequence[KeptFile] = ()) -> None:
        """Make the folder and write the lock file.

        Args:
            lock: its text.
            blocks: the user's files that the run keeps.

        Raises:
            TrainingError: something is there already.
        """
        if self.path.is_file() or (self.path.is_dir() and any(self.path.iterdir())):
            raise TrainingError(f"{self.path} is not empty; name another folder, or go on with --resume {self.path}")
        self.path.mkdir(parents=True, exist_ok=True)
        for file in blocks:
            (self.path / file.name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / file.name).write_bytes(file.content)
        write_text(self.lock, lock)

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.path / "spec.lock.yaml"

    @property
    def metrics(self) -> Path:
        """The metrics as JSON lines."""
        return self.path / "metrics.jsonl"

    @property
    def events(self) -> Path:
        """TensorBoard's folder."""
        return self.path / "events"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    def weights(self, which: str) -> Path:
        """The weights ``last`` or ``best``."""
        return self.path / "weights" / f"{which}.safetensors"

    @property
    def report(self) -> Path:
        """The report for people."""
        return self.path / "report.md"

    @property
    def report_data(self) -> Path:
        """The report for tools."""
        return self.path / "report.json"


class MetricsLog:
    """Metrics as JSON lines; each is out of the process when ``write`` returns, so that a kill loses none.

    Args:
        path: the file.
        size: bytes to keep of what is there: a resumed run goes on where its checkpoint was written.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self._file: IO[bytes] = open(path, "ab")  # noqa: SIM115 - closed by close()
        self._file.truncate(size)
        self._file.seek(0, os.SEEK_END)

    def write(self, values: Mapping[str, Any]) -> None:
        """Append a line; a number that JSON does not have becomes null."""
        self._file.write(json.dumps(finite(values)).encode() + b"\n")
        self._file.flush()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def finite(value: Any) -> Any:
    """The value with every infinite or undefined number inside it replaced by None."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)
