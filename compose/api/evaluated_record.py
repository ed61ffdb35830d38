"""A folder that ``compose evaluate RUN -o FOLDER`` wrote, as a comparison reads it beside runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from compose.api.run_record import RunProgress, RunRecord
from compose.training.storage.find_run import LOCK, runs_below
from compose.training.storage.written_result import EVALUATED, RESULT

RUN, WEIGHTS = "# evaluated: ", "# weights: "


class EvaluatedRecord(RunRecord):
    """A run measured again: what it is of is that of the run, with what was measured otherwise."""

    @property
    def lock(self) -> Path:
        """The file with the spec as it was measured."""
        return self.folder / EVALUATED

    @property
    def result_file(self) -> Path:
        """The file with what was measured."""
        return self.folder / f"{RESULT}.json"

    @property
    def data_folder(self) -> Path:
        """The run, where it was measured on its own data."""
        return self.run.folder if self.run.values.get("data") == self.values.get("data") else self.folder

    @property
    def run(self) -> RunRecord:
        """The run; it may be gone."""
        return RunRecord(Path(self._told(RUN)))

    @property
    def blocks(self) -> frozenset[str]:
        """The hashes of the user's files that the run keeps."""
        return self.run.blocks if self.run.lock.is_file() else frozenset()

    @property
    def computed(self) -> dict[str, Any]:
        """The spec, and which weights were measured where that is told."""
        weights = self._told(WEIGHTS)
        return {**super().computed, **({"weights": weights} if weights else {})}

    @property
    def changes(self) -> tuple[str, ...]:
        """What was laid over the spec, in training and in the evaluation."""
        weights = self._told(WEIGHTS)
        return (*super().changes, *([f"weights={weights}"] if weights else []))

    @property
    def state(self) -> RunProgress:
        """It has ended, or its result is damaged."""
        return "damaged" if self._report is None else "finished"

    @cached_property
    def _report(self) -> Mapping[str, Any] | None:
        try:
            result = json.loads(self.result_file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        try:
            report = json.loads(self.run.result_file.read_text("utf-8"))
        except (OSError, ValueError):
            report = {}
        return {"result": result, **{key: report[key] for key in ("seconds", "parameters") if key in report}}

    def _told(self, what: str) -> str:
        return next((line.removeprefix(what) for line in self._comments if line.startswith(what)), "")


def record_of(folder: Path) -> RunRecord:
    """A run, or what was measured of one again."""
    is_evaluated = (folder / EVALUATED).is_file() and not (folder / LOCK).is_file()
    return EvaluatedRecord(folder) if is_evaluated else RunRecord(folder)


def results_below(folder: Path) -> list[Path]:
    """The folder itself where it holds a result; else all runs one or two levels below, and all results of ``-o``."""
    if (folder / LOCK).is_file() or (folder / EVALUATED).is_file():
        return [folder]
    again = (found.parent for pattern in (f"*/{EVALUATED}", f"*/*/{EVALUATED}") for found in folder.glob(pattern))
    return sorted({*runs_below(folder), *again})


def evaluated_text(run: RunRecord, lock: str, *, weights: str, changes: list[str]) -> str:
    """The text of the file that tells what was measured.

    Args:
        run: the run.
        lock: the text of a lock file of the spec as it was measured.
        weights: which weights, where they are not those that training ended with.
        changes: the values that were set.
    """
    head, rest = lock.split("\n", 1)
    made = f"# made by: {' '.join([run.made, *(f'-s {text}' for text in changes)])}" if run.made else head
    told = [f"{RUN}{run.folder.absolute()}", *([f"{WEIGHTS}{weights}"] if weights else [])]
    return "\n".join([made, *told, rest])
