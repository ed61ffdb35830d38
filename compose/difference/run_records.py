"""What two runs say otherwise beside their specs: code, which specs have as well, data, versions, protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from compose.training.final_report import read_outcome
from compose.training.storage.data_record import DataRecord
from compose.training.storage.find_run import LOCK
from compose.training.storage.run_folder import RunFolder

WITH = "# with: "


def run_records(before: Path, after: Path) -> list[str]:
    """The differences in words.

    Args:
        before: the folder of the first run.
        after: that of the second.
    """
    return [*_data(before, after), *_versions(before, after), *_protocols(before, after)]


def code_records(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """The differences of the user's files of blocks in words.

    Args:
        old: name of a file that the first has -> its hash.
        new: those of the second.
    """
    for name in dict.fromkeys([*new, *old]):
        if name not in old or name not in new:
            yield f"code: {name} is of the {'second' if name in new else 'first'} alone"
        elif old[name] != new[name]:
            yield f"code: {name} is another"


def _data(before: Path, after: Path) -> Iterator[str]:
    old, new = (DataRecord.read(RunFolder(folder).data) for folder in (before, after))
    if old is not None and new is not None:
        yield from (f"data: {line}" for line in new.differences(old))


def _versions(before: Path, after: Path) -> Iterator[str]:
    old, new = _packages(before / LOCK), _packages(after / LOCK)
    for name in dict.fromkeys([*new, *old]):
        if old.get(name) != new.get(name):
            yield f"version: {name} {old.get(name, 'none')} → {new.get(name, 'none')}"


def _packages(lock: Path) -> Mapping[str, str]:
    """Package -> its version, as a lock file says."""
    line = next((line for line in lock.read_text("utf-8").splitlines() if line.startswith(WITH)), WITH)
    pairs = [part.rpartition(" ") for part in line.removeprefix(WITH).split(", ")]
    return {name: number for name, _, number in pairs if name}


def _protocols(before: Path, after: Path) -> Iterator[str]:
    """Where the protocols of their results disagree, so that their figures may not stand in one column."""
    old, new = (read_outcome(RunFolder(folder)) for folder in (before, after))
    if old is None or new is None or old.result is None or new.result is None:
        return
    for task, result in new.result.tasks.items():
        if task in old.result.tasks:
            yield from (f"protocol of {task}: {line}" for line in old.result[task].protocol.agrees(result.protocol))
