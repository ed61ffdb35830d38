"""The folder of a run.

```
spec.lock.yaml   the resolved spec with versions and seed, from which the run repeats
blocks/          the user's own block files that the spec needs
data.json        what it is trained on: labels, examples and a digest of their content
metrics.jsonl    one JSON object a line, as training goes
events/          TensorBoard
checkpoints/     the newest states, for --resume
weights/         last.safetensors, best.safetensors: the model's weights alone
prediction.safetensors   label names, vectors, graph and how pictures are read, by which it is asked without its data
report.md        the result for people, report.json for tools
results/         a CSV for each task: what the model reaches on each label
errors.html      the labels, pairs of labels and examples that it gets wrong most, to open in a browser
loggers.json     the experiment trackers that it is logged to (`--log`), and what it is called there; wandb/ is W&B's
modules.svg      how often each label uses each module, where the model tells; modules.csv for tools
```
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compose.training.storage.folder_lock import NAME as FOLDER_LOCK
from compose.training.storage.kept_blocks import KeptFile
from compose.training.storage.writing import writing
from compose.training.training_errors import TrainingError


@dataclass(frozen=True)
class RunFolder:
    """Names of what a run leaves behind; nothing is made before :meth:`make`.

    Args:
        path: the folder.
        numbered: whether another one, ``PATH-2``, is made where there is one already.
    """

    path: Path
    numbered: bool = False

    @classmethod
    def named(cls, root: Path, name: str, *, variant: str | None = None) -> RunFolder:
        """A folder of a run of its own: ``ROOT/NAME-VARIANT/20300131-235959``, with a number where there is one."""
        parent = root / (f"{name}-{variant}" if variant else name)
        return cls(parent / datetime.now().strftime("%Y%m%d-%H%M%S"), numbered=True)

    def make(self) -> RunFolder:
        """Make the folder, which no other process can make, too; returns the one that was made.

        One that is named may be there: what its lock tells apart is left to :meth:`begin`.

        Raises:
            TrainingError: something else bears its name.
            StorageError: it cannot be made.
        """
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for path in self._names():
                try:
                    path.mkdir()
                except FileExistsError:
                    if self.numbered:
                        continue
                return RunFolder(path)
        raise TrainingError(f"{self.path.parent} has a thousand runs of this second; name a folder with --out")

    def reopen(self) -> None:
        """Take away what only a run that has ended has: its report, and its last weights, which checkpoints hold, too.

        Raises:
            StorageError: the folder cannot be written.
        """
        for path in (self.report, self.report_data, self.weights("last")):
            with writing(path):
                path.unlink(missing_ok=True)

    def _names(self) -> Iterator[Path]:
        yield self.path
        if self.numbered:
            yield from (self.path.with_name(f"{self.path.name}-{number}") for number in range(2, 1000))

    def begin(self, lock: str, blocks: Sequence[KeptFile] = ()) -> None:
        """Write the lock file into the folder, whose lock this process has.

        Args:
            lock: its text.
            blocks: the user's files that the run keeps.

        Raises:
            TrainingError: something is there already.
            StorageError: it cannot be written.
        """
        if any(path.name != FOLDER_LOCK for path in self.path.iterdir()):
            raise TrainingError(f"{self.path} is not empty; name another folder, or go on with --resume {self.path}")
        for file in blocks:
            with writing(self.path / file.name):
                (self.path / file.name).parent.mkdir(parents=True, exist_ok=True)
                (self.path / file.name).write_bytes(file.content)
        write_text(self.lock, lock)

    @property
    def lock(self) -> Path:
        """The lock file."""
        return self.path / "spec.lock.yaml"

    @property
    def data(self) -> Path:
        """What it is trained on."""
        return self.path / "data.json"

    @property
    def metrics(self) -> Path:
        """The metrics as JSON lines."""
        return self.path / "metrics.jsonl"

    @property
    def events(self) -> Path:
        """TensorBoard's folder."""
        return self.path / "events"

    @property
    def loggers(self) -> Path:
        """The trackers that it is logged to, and what each needs to go on."""
        return self.path / "loggers.json"

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


def finite(value: Any) -> Any:
    """The value with every infinite or undefined number inside it replaced by None."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically.

    Raises:
        StorageError: it cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    with writing(path):
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
