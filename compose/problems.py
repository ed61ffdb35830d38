"""Everything that would stop a run, found before it starts: shapes, labels, stages, tasks, data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compose.block import BlockError
from compose.data.source import DataError
from compose.errors import ComposeError, SpecError, SpecErrors
from compose.evaluation.labels import task_labels
from compose.prepare import Prepared
from compose.spec.tree import Path, place_of


def problems(made: Prepared) -> list[SpecError]:
    """The mistakes of a spec that its classes accept, all levels at once; empty where it can run."""
    return [
        *_raised(lambda: made.shaped),
        *_raised(lambda: made.space),
        *_stages(made),
        *_tasks(made),
        *_data(made),
    ]


def _raised(attempt: Callable[[], object]) -> list[SpecError]:
    try:
        attempt()
    except SpecErrors as error:
        return list(error.errors)
    return []


def _stages(made: Prepared) -> Iterator[SpecError]:
    """Stages that train, freeze or weigh what the model does not have."""
    nodes = list(dict.fromkeys(step.name.split(".")[0] for step in made.spec.plan.steps if step.op == "block"))
    losses = [term.name for term in made.spec.plan.terms]
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
    for line in found:
        yield _at(made, ("data",), "data", line)


def _at(made: Prepared, path: Path, code: str, message: str) -> SpecError:
    return SpecError(code, message, place_of(made.spec.tree, path))
