"""The labels of a task: which columns of the targets it scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from compose.data.source import LabelTable
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import Task


@dataclass(frozen=True)
class TaskLabels:
    """The labels that a task scores, in the order of its score columns.

    Args:
        task: ``zsl``: the unseen labels; ``seen``: the seen ones; ``gzsl``: all.
        columns: their columns in the targets.
        names: their names.
        seen: whether each may be trained on.
    """

    task: Task
    columns: tuple[int, ...]
    names: tuple[str, ...]
    seen: tuple[bool, ...]


def task_labels(table: LabelTable, tasks: Iterable[Task], *, dropped: Collection[str] = ()) -> list[TaskLabels]:
    """The labels of each task.

    Args:
        table: all labels.
        tasks: the tasks.
        dropped: labels that the label space leaves out (a ``strict`` split).

    Raises:
        EvaluationError: a task has no labels.
    """
    return [_labels_of(table, task, frozenset(dropped)) for task in tasks]


def known_task(table: LabelTable) -> Task:
    """The task of the labels in use beside episodes: the seen labels, or all where none is seen."""
    return "seen" if any(table.seen) else "gzsl"


def _labels_of(table: LabelTable, task: Task, dropped: frozenset[str]) -> TaskLabels:
    wanted = (True, False) if task == "gzsl" else (task == "seen",)
    kept = zip(table.names, table.seen, strict=True)
    columns = tuple(i for i, (name, seen) in enumerate(kept) if seen in wanted and name not in dropped)
    if not columns:
        kind, other = ("unseen", "seen") if task == "zsl" else ("seen", "unseen")
        raise EvaluationError(f"expected {kind} labels, but all {len(table.seen):,} are {other}", task=task)
    return TaskLabels(task, columns, tuple(table.names[i] for i in columns), tuple(table.seen[i] for i in columns))
