"""The results of single labels in the folder of a run: ``results/TASK.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compose.errors import UsageError, nearest
from compose.evaluation.per_label_table import label_table, read_label_table
from compose.training.storage.run_folder import write_text
from compose.training.storage.writing import writing

if TYPE_CHECKING:
    from compose.evaluation.per_label import LabelResult
    from compose.evaluation.result import Result

FOLDER = "results"
ERRORS = "errors.html"
"""The page of what a model gets wrong."""


def write_label_results(result: Result, folder: Path) -> None:
    """Write a file for each task that has labels of the data.

    Args:
        result: of an evaluation that tells of each label.
        folder: a run's, or one of the user's.

    Raises:
        StorageError: it cannot be written.
    """
    for path, text in _files(result, folder).items():
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text)


def label_files(result: Result, folder: Path) -> list[Path]:
    """The files that :func:`write_label_results` writes."""
    return [*_files(result, folder)]


def forget_label_results(folder: Path) -> None:
    """Take away what an earlier evaluation of a run wrote.

    Args:
        folder: the run's.
    """
    for path in (*(folder / FOLDER).glob("*.csv"), folder / ERRORS):
        with writing(path):
            path.unlink(missing_ok=True)


def read_label_results(folder: Path, task: str) -> tuple[LabelResult, ...]:
    """The results of a task's labels.

    Args:
        folder: the run's.
        task: such as ``zsl``.

    Raises:
        UsageError: the run has none of such a task, or the file is damaged.
    """
    path = folder / FOLDER / f"{task}.csv"
    there = sorted(found.stem for found in (folder / FOLDER).glob("*.csv"))
    if task not in there:
        close = nearest(task, there)
        hint = f"; did you mean `{close}`?" if close else ""
        told = f"it has those of {', '.join(there)}{hint}" if there else f"`compose evaluate {folder}` writes them"
        raise UsageError(f"{folder} has no results of single labels of `{task}`; {told}")
    try:
        return read_label_table(path.read_text("utf-8"))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is damaged: {error}; `compose evaluate {folder}` writes it anew") from None


def _files(result: Result, folder: Path) -> dict[Path, str]:
    told = {name: task.labels for name, task in result.tasks.items() if task.labels}
    return {folder / FOLDER / f"{name}.csv": label_table(labels) for name, labels in told.items()}
