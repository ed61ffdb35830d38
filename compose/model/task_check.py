"""Whether a model scores every evaluated task at its own number of labels, ways and shots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from compose.errors import Note, SpecError
from compose.model.input_sizes import Sizes
from compose.model.label_space_check import downstream, evaluated
from compose.model.scores_check import check_scores
from compose.model.walk import Walk
from compose.spec.wiring.plan import Plan


def check_tasks(
    plan: Plan,
    sizes: Sizes,
    tasks: Mapping[str, Sizes],
    again: Callable[[Sizes], Walk],
    *,
    adapts: bool,
) -> list[SpecError]:
    """The errors of scoring each task, as evaluation does: without gradients, and modules in evaluation mode.

    Args:
        plan: the wired spec.
        sizes: the reserved inputs' shapes, where a task has no others.
        tasks: task -> the shapes that are others there.
        again: makes a walk for inference with other shapes.
        adapts: whether the model's weights adapt to one episode at a time.
    """
    steps = evaluated(plan, adapts=adapts)
    before: Sizes = {}
    known: Walk | None = None
    for task, changed in tasks.items():
        wanted = {**sizes, **changed}
        found = again(wanted)
        moved = {name for name in wanted if before.get(name) != wanted[name]}
        afresh = downstream(steps, moved) if known else {step.name for step in steps}
        for step in steps:
            if step.name in afresh:
                found.run([step])
            elif known:
                found.take_over(step, known)
        errors = found.errors or check_scores(plan, found, wanted, adapts=adapts)
        if errors:
            return [replace(error, notes=(*error.notes, Note(f"while the task {task} is scored"))) for error in errors]
        before, known = wanted, found
    return []
