"""Everything that would stop a run, found before it starts: shapes, labels, stages, tasks, data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from compose.block import BlockError
from compose.data.source import DataError, DataSource
from compose.errors import ComposeError, Note, SpecError, SpecErrors
from compose.evaluation.entries import make_metric
from compose.evaluation.labels import task_labels
from compose.model.dims import shape_text
from compose.prepare import Prepared
from compose.spec.plan import Term
from compose.spec.sources import RESERVED
from compose.spec.tree import Path, place_of
from compose.training.stage import Stage

LISTED = 20
"""How many problems of the data are listed one by one."""
EXTERNAL = "external.targets"


def problems(made: Prepared, *, data: bool = True) -> list[SpecError]:
    """The mistakes of a spec that its classes accept, all levels at once; empty where it can run.

    Args:
        made: the spec with all that it names made.
        data: whether the data source's files are looked at, which may take a while.
    """
    found = [
        *_raised(lambda: made.shaped),
        *_raised(lambda: made.space),
        *_stages(made),
        *_examples(made),
        *_tasks(made),
        *_looks(made),
        *(_data(made) if data else ()),
    ]
    return list({_told(error): error for error in found}.values())


def _told(error: SpecError) -> tuple[str, ...]:
    """What makes an error another one; vectors and graph may lack the same labels."""
    return (error.code, error.message, *([] if error.code == "labels" else [str(error.place)]))


def notes(made: Prepared) -> list[str]:
    """What the user should know of the data and labels although it stops nothing; after :func:`problems`."""
    found = [line for source in (made.source, made.labels.external) for line in getattr(source, "notes", list)()]
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


def _examples(made: Prepared) -> Iterator[SpecError]:
    """Stages whose examples are not there, or do not give what their losses read."""
    for index, stage in enumerate(made.stages):
        source = made.labels.external if stage.examples == "external" else made.source
        if source is None:
            message = "the stage trains on external examples, but the spec has no `labels: {external: ...}`"
            yield _at(made, ("train", index, "examples"), "missing-source", message)
            continue
        given = _given(stage, source)
        named = [term for term in made.spec.plan.terms if stage.losses and term.name in stage.losses]
        for term in named:
            yield from _fed(made, index, term, given)
        reads = [EXTERNAL in made.spec.plan.sources_of(term) for term in made.spec.plan.terms]
        if not stage.losses and reads and (stage.examples == "external") not in reads:
            message = f"no loss is on the targets of the stage's examples (`{stage.examples}`)"
            yield _at(made, ("train", index), "missing-source", message)
        for name, shape in source.shapes.items():
            expected = made.source.shapes.get(name)
            if expected is not None and name in RESERVED and shape != expected:
                shapes = f"`{name}` is {shape_text(shape)} there and {shape_text(expected)} in `data`"
                message = f"the examples of `labels.external` do not fit the model: {shapes}"
                yield _at(made, ("labels", "external"), "shape-mismatch", message)


def _given(stage: Stage, source: DataSource) -> set[str]:
    return {*source.shapes, EXTERNAL if stage.examples == "external" else "targets"}


def _fed(made: Prepared, index: int, term: Term, given: set[str]) -> Iterator[SpecError]:
    for name in made.spec.plan.sources_of(term):
        if name not in given and RESERVED[name].of_examples:
            examples = made.stages[index].examples
            message = f"the loss `{term.name}` reads `{name}`, which the stage's examples (`{examples}`) do not give"
            yield _at(made, ("train", index, "losses"), "missing-source", message)


def _tasks(made: Prepared) -> Iterator[SpecError]:
    """Tasks for which the data has no labels."""
    try:
        task_labels(made.source.labels, made.evaluation.tasks)
    except ComposeError as error:
        yield _at(made, ("evaluate", "tasks"), "labels", str(error))


def _looks(made: Prepared) -> Iterator[SpecError]:
    """Metrics of where the model looks, although it does not tell or the data has no boxes."""
    lacking = [] if made.spec.plan.attention else ["a model that tells where it looks, by a port such as `attention`"]
    lacking += [] if "boxes" in made.source.shapes else ["boxes from the data, as with `data: {boxes: true}`"]
    for path, metric in _looking(made).items() if lacking else ():
        yield _at(made, path, "missing-source", f"`{metric}` needs {' and '.join(lacking)}")


def _looking(made: Prepared) -> dict[Path, str]:
    """Where the spec asks for such a metric, the first there."""
    asked: dict[Path, str] = {}
    for metric in made.evaluation.metrics:
        if metric.looks:
            asked.setdefault(("evaluate", "metrics"), metric.key)
    for index, stage in enumerate(made.stages):
        with suppress(BlockError):
            if stage.validate_every and make_metric(stage.monitor).looks:
                asked["train", index, "monitor"] = stage.monitor
    return asked


def _data(made: Prepared) -> Iterator[SpecError]:
    """What the data sources find wrong with their files."""
    sources: dict[Path, DataSource | None] = {("data",): made.source, ("labels", "external"): made.labels.external}
    for path, source in sources.items():
        found = [] if source is None else _checked(source)
        if len(found) == 1:
            yield _at(made, path, "data", found[0])
        elif found:
            notes = [Note(line) for line in found[:LISTED]]
            notes += [Note(f"and {len(found) - LISTED:,} more")] if len(found) > LISTED else []
            yield replace(_at(made, path, "data", f"the data has {len(found):,} problems"), notes=notes)


def _checked(source: DataSource) -> list[str]:
    try:
        return source.check()
    except (DataError, OSError) as error:
        return [str(error)]


def _at(made: Prepared, path: Path, code: str, message: str) -> SpecError:
    return SpecError(code, message, place_of(made.spec.tree, path))
