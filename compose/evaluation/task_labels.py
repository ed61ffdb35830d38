"""Which labels each task scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from compose.data.source import LabelTable
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import Task
from compose.labels.label_set import Labels, LabelSet, label_set

LABELS: Mapping[Task, Labels] = {"zsl": "unseen", "seen": "seen", "gzsl": "all"}
"""Task -> the labels that it scores."""


def task_labels(table: LabelTable, tasks: Iterable[Task], *, dropped: Collection[str] = ()) -> dict[Task, LabelSet]:
    """The labels of each task, in the order of its score columns.

    Args:
        table: all labels.
        tasks: the tasks.
        dropped: labels that the label space leaves out.

    Raises:
        EvaluationError: a task has no labels.
    """
    found = {task: label_set(table, LABELS[task], dropped=dropped) for task in tasks}
    for task, labels in found.items():
        if not labels.columns:
            wanted = "" if labels.which == "all" else f"{labels.which} "
            raise EvaluationError(f"expected {wanted}labels, but {_others(table, labels.which)}", task=task)
    return found


def _others(table: LabelTable, which: Labels) -> str:
    """What there is where a set is empty."""
    if not table.names:
        return "the data has none"
    kinds = {"unseen": "seen", "seen": "unseen", "all": "left out"}
    return f"all {len(table.names):,} are {kinds[which]}"
