"""Tasks that the examples leave without anything to measure: a mistake where they are all, else a note."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from compose.checks.stage_problems import at
from compose.data.source import DataError
from compose.errors import ComposeError, SpecError
from compose.evaluation.measurable import unmeasurable_split
from compose.evaluation.task_labels import task_labels
from compose.training.prepare import Prepared


def unmeasured_problems(made: Prepared) -> Iterator[SpecError]:
    """The mistake, where no task can be measured."""
    found = unmeasured(made)
    if found and len(found) == len(made.evaluation.tasks) and not made.evaluation.episodes:
        told = "; ".join(f"{task}: {why}" for task, why in found.items())
        yield at(made, ("evaluate", "tasks"), "data", f"nothing can be measured: {told}")


def unmeasured_notes(made: Prepared) -> list[str]:
    """What of the evaluation, and of the stages' validation, will be left out."""
    return [
        f"evaluate.tasks: `{task}` cannot be measured and is left out: in the split `{made.evaluation.split}` {why}"
        for task, why in unmeasured(made).items()
    ]


def unmeasured(made: Prepared) -> dict[str, str]:
    """Task -> why it cannot be measured, as far as it can be told without reading an example."""
    with suppress(DataError, ComposeError):  # a split or labels that are not there are told by themselves
        examples = made.source.split(made.evaluation.split)
        labels = task_labels(made.table, made.evaluation.tasks)
        return {task: why for task, own in labels.items() if (why := unmeasurable_split(examples, own))}
    return {}
