"""Which labels each task scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from compose.data.source import LabelTable
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import CountedImages, Task
from compose.labels.label_set import Labels, LabelSet, label_set

LABELS: Mapping[Task, Labels] = {"zsl": "unseen", "seen": "seen", "gzsl": "all"}
"""Task -> the labels that it scores."""
NAMED: Mapping[CountedImages, Labels] = {"with_seen": "seen", "with_unseen": "unseen", "with_any": "all"}
"""Which images count -> the labels of which they must show one."""


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


def named_labels(table: LabelTable, images: CountedImages, *, dropped: Collection[str] = ()) -> LabelSet | None:
    """The labels of which an image must show one to count; None where those of each task do, or every image counts.

    Args:
        table: all labels.
        images: which images count.
        dropped: labels that the label space leaves out.

    Raises:
        EvaluationError: there is none.
    """
    which = NAMED.get(images)
    if which is None:
        return None
    found = label_set(table, which, dropped=dropped)
    if not found.columns:
        raise EvaluationError(f"images: {images} counts no image, as {_others(table, which)}")
    return found


def _others(table: LabelTable, which: Labels) -> str:
    """What there is where a set is empty."""
    if not table.names:
        return "the data has none"
    kinds = {"unseen": "seen", "seen": "unseen", "all": "left out"}
    return f"all {len(table.names):,} are {kinds[which]}"
