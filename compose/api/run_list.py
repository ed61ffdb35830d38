"""The runs of a folder, and how far each has come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.run_record import RunProgress, RunRecord, RunRecordError
from compose.errors import UsageError
from compose.training.storage.find_run import LOCK, ROOT, runs_below

if TYPE_CHECKING:
    from compose.evaluation.result import Result


@dataclass(frozen=True)
class ListedRun:
    """A run in a list.

    Args:
        folder: where it lies.
        when: when it was begun.
        spec: its spec's name, and what was laid over it.
        seed: its seed.
        state: how far it has come.
        headline: the first metric of its first task, in percent; of a run that has not ended how far it has come.
    """

    folder: str
    when: str
    spec: str
    seed: int | None
    state: RunProgress
    headline: str

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def listed_runs(folder: Path | None = None) -> list[ListedRun]:
    """The runs of a folder and of the folders in it, the newest first.

    Args:
        folder: ``runs/`` where not given.

    Raises:
        UsageError: there is no such folder.
    """
    root = ROOT if folder is None else folder
    if folder is not None and not root.is_dir():
        raise UsageError(f"there is no folder {root}")
    found = [root] if (root / LOCK).is_file() else runs_below(root)
    records = sorted(map(RunRecord, found), key=lambda record: (-record.begun, str(record.folder)))
    return [_listed(record) for record in records]


def _listed(record: RunRecord) -> ListedRun:
    when = datetime.fromtimestamp(record.begun).strftime("%Y-%m-%d %H:%M")
    try:
        spec, seed = " ".join([record.name, *(f"+ {change}" for change in record.changes)]), record.seed
    except RunRecordError as error:
        return ListedRun(str(record.folder), when, "?", None, "damaged", str(error))
    state = record.state
    if state != "finished":
        return ListedRun(str(record.folder), when, spec, seed, state, record.progress)
    try:
        return ListedRun(str(record.folder), when, spec, seed, state, _headline(record.result))
    except RunRecordError as error:
        return ListedRun(str(record.folder), when, spec, seed, state, str(error))


def _headline(result: Result) -> str:
    from compose.evaluation.result_table import percent

    name, task = next(iter(result.tasks.items()))
    key = next(iter(task.metrics), None)
    return f"{name} {task.titles[key]} {percent(task.metrics[key])}" if key else "no metric"
