"""Everything that would stop a run, found before it starts: shapes, labels, stages, tasks, data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from compose.block import BlockError
from compose.data.source import DataError
from compose.errors import ComposeError, Note, SpecError, SpecErrors
from compose.evaluation.labels import task_labels
from compose.prepare import Prepared
from compose.spec.tree import Path, place_of

LISTED = 20
"""How many problems of the data are listed one by one."""


def problems(made: Prepared, *, data: bool = True) -> list[SpecError]:
    """The mistakes of a spec that its classes accept, all levels at once; empty where it can run.

    Args:
        made: the spec with all that it names made.
        data: whether the data source's files are looked at, which may take a while.
    """
    return [
        *_raised(lambda: made.shaped),
        *_raised(lambda: made.space),
        *_stages(made),
        *_tasks(made),
        *(_data(made) if data else ()),
    ]


def notes(made: Prepared) -> list[str]:
    """What the user should know of the data and labels although it stops nothing; after :func:`problems`."""
    found = list(getattr(made.source, "notes", list)())
    dropped = made.space.dropped
    if dropped:
        found.append(
            f"strict: {len(dropped)} seen labels are left out as unseen ones' other number: {', '.join(dropped)}"
        )
    return found


def _raised(attempt: Callable[[], object]) -> list[SpecError]:
    try:
        attempt()
    except SpecErrors as error:
        return list(error.errors)
    return []


def _stages(made: Prepared) -> Iterator[SpecError]:
    """Stages without a loss, and those that train, freeze or weigh what the model does not have."""
    nodes = list(dict.fromkeys(step.name.split(".")[0] for step in made.spec.plan.steps if step.op == "block"))
    losses = [term.name for term in made.spec.plan.terms]
    if made.stages and not losses:
        yield _at(made, ("train",), "missing-key", "there is nothing to train on: the spec has no `loss:`")
    for index, stage in enumerate(made.stages):
        try:
            stage.check(nodes, losses)
        except BlockError as error:
            yield _at(made, ("train", index, *((error.parameter or "").split("."))), "bad-parameter", str(error))


def _tasks(made: Prepared) -> Iterator[SpecError]:
    """Tasks for which the data has no labels."""
    try:
        task_labels(made.source.labels, made.evaluation.tasks)
    except ComposeError as error:
        yield _at(made, ("evaluate", "tasks"), "labels", str(error))


def _data(made: Prepared) -> Iterator[SpecError]:
    """What the data source finds wrong with its files."""
    try:
        found = made.source.check()
    except (DataError, OSError) as error:
        found = [str(error)]
    if len(found) == 1:
        yield _at(made, ("data",), "data", found[0])
    elif found:
        notes = [Note(line) for line in found[:LISTED]]
        notes += [Note(f"and {len(found) - LISTED:,} more")] if len(found) > LISTED else []
        yield replace(_at(made, ("data",), "data", f"the data has {len(found):,} problems"), notes=notes)


def _at(made: Prepared, path: Path, code: str, message: str) -> SpecError:
    return SpecError(code, message, place_of(made.spec.tree, path))
