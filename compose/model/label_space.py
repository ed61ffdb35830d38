"""The label-space check: a model that scores unseen labels may not have weights that follow their number.

It looks at what the scores depend on. A branch that only a loss reads may well have a weight for each training label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from compose.errors import Note, SpecError
from compose.model.dims import shape_text
from compose.model.facts import Facts
from compose.model.walk import Walk
from compose.spec.plan import Step, refs
from compose.spec.sources import LABEL_DIMS, RESERVED

Sizes = dict[str, tuple[int, ...]]


def check_label_space(
    steps: tuple[Step, ...], walk: Walk, sizes: Sizes, again: Callable[[Sizes], Walk]
) -> list[SpecError]:
    """Walk again with one more label: every shape must still fit, and no weight may have changed.

    Args:
        steps: the steps that the scores depend on.
        walk: the walk with the labels of training.
        sizes: the sources' shapes in that walk.
        again: makes a walk for other shapes, in the same fake mode.
    """
    more = {name: _one_more(name, size) for name, size in sizes.items()}
    moved = {name for name in sizes if more[name] != sizes[name]}
    if not moved:
        return []
    second, changed = again(more), _downstream(steps, moved)
    for step in steps:
        if step.name in changed:
            second.run([step])
        else:
            second.take_over(step, walk)
    labels = sizes["targets"][1]
    errors = [_follows(step, walk.facts[step.name], second.facts[step.name], labels) for step in steps]
    note = Note(f"it fits {labels} labels and no other number, but zero-shot learning changes the label set")
    fixed = [replace(error, code="label-space", notes=(*error.notes, note)) for error in second.errors]
    return [error for error in errors if error] or fixed


def _one_more(name: str, size: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n + (dim in LABEL_DIMS) for n, dim in zip(size, RESERVED[name].dims, strict=True))


def _downstream(steps: tuple[Step, ...], sources: set[str]) -> set[str]:
    changed: set[str] = set()
    for step in steps:
        inputs = [ref for value in step.inputs.values() for ref in refs(value)]
        if any(ref.step in changed or (not ref.step and ref.port in sources) for ref in inputs):
            changed.add(step.name)
    return changed | {step.name for step in steps if step.share in changed}


def _follows(step: Step, before: Facts, after: Facts, labels: int) -> SpecError | None:
    if step.share is not None:
        return None
    for name, shape in before.weights.items():
        other = after.weights.get(name)
        if other is not None and other != shape:
            message = f"the weights of `{step.name}` depend on the number of labels, so they cannot score unseen ones"
            note = Note(f"`{name}`: {shape_text(shape)} for {labels} labels, {shape_text(other)} for {labels + 1}")
            return SpecError("label-space", message, step.place, "weights that meet the labels' vectors", None, (note,))
    return None
