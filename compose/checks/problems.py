"""Everything that would stop a run, found before it starts: shapes, labels, stages, tasks, data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from compose.block import BlockError
from compose.checks.batch_problems import batch_problems
from compose.checks.episode_problems import episode_problems
from compose.checks.fixes import with_fixes
from compose.checks.gradient_problems import gradient_notes, gradient_problems
from compose.checks.label_notes import label_notes
from compose.checks.loss_notes import loss_notes
from compose.checks.metric_problems import metric_problems
from compose.checks.stage_notes import stage_notes
from compose.checks.stage_problems import at, stage_problems
from compose.checks.unmeasured import unmeasured_notes, unmeasured_problems
from compose.checks.unused_notes import unused_notes
from compose.data.source import DataError, DataSource
from compose.errors import ComposeError, Note, SpecError, SpecErrors
from compose.evaluation.metrics.metric_entries import make_metric
from compose.evaluation.task_labels import named_labels, task_labels
from compose.registry.contract import home
from compose.spec.yaml.tree import Path
from compose.training.prepare import Prepared

LISTED = 20
"""How many problems of the data are listed one by one."""


def problems(made: Prepared, *, data: bool = True) -> list[SpecError]:
    """The mistakes of a spec that its classes accept, all levels at once; empty where it can run.

    Args:
        made: the spec with all that it names made.
        data: whether the data source's files are looked at, which may take a while.
    """
    found = _all(made, data=data)
    return with_fixes(made, found, lambda spec: _all(made.with_model(spec), data=False))


def _all(made: Prepared, *, data: bool) -> list[SpecError]:
    broken = list(_data(made)) if data else []
    found = [
        *_raised(lambda: made.shaped),
        *_raised(lambda: made.space),
        *stage_problems(made),
        *([] if broken else _of_the_examples(made)),
        *(error for error in episode_problems(made) if not (broken and error.code == "data")),
        *metric_problems(made),
        *_looks(made),
        *(broken or _splits(made) if data else ()),
    ]
    found += [] if found else gradient_problems(made)
    return list({_told(error): error for error in found}.values())


def _of_the_examples(made: Prepared) -> Iterator[SpecError]:
    """What the data has too little of; where its files are damaged, that is told alone, as it may be the cause."""
    yield from _tasks(made)
    yield from unmeasured_problems(made)


def _told(error: SpecError) -> tuple[str, ...]:
    """What makes an error another one; vectors and graph may lack the same labels."""
    return (error.code, error.message, *([] if error.code == "labels" else [str(error.place)]))


def notes(made: Prepared) -> list[str]:
    """What the user should know of the data and labels although it stops nothing; after :func:`problems`."""
    found = [*made.spec.notes, *_replaced(made), *made.spec.registry.left_out(), *made.source.notes()]
    found += made.labels.external.notes() if made.labels.external else []
    found += made.vectors.notes(made.source.labels.names) if made.vectors else []
    found += [
        f"`{name}`, when it is made: {text}" for name, facts in made.shaped.facts.items() for text in facts.warned
    ]
    found += gradient_notes(made)
    dropped = made.space.dropped
    if dropped:
        found.append(
            f"strict: {len(dropped)} seen labels are left out as unseen ones' other number: {', '.join(dropped)}"
        )
    found += label_notes(made.space)
    found += unmeasured_notes(made)
    if made.stages or not made.spec.tree.get("train"):  # not where only what the scores need is left
        found += [*loss_notes(made), *stage_notes(made), *unused_notes(made)]
    return found


def _replaced(made: Prepared) -> Iterator[str]:
    """Blocks and losses of the user's that have the name of one of the project's."""
    used = [step.declaration for step in made.spec.plan.all_steps]
    for declaration in made.spec.registry.replacing.values():
        if declaration in used:
            yield f"the {declaration.kind} `{declaration.name}` is that of {home(declaration)}, not the built-in one"


def _raised(attempt: Callable[[], object]) -> list[SpecError]:
    try:
        attempt()
    except SpecErrors as error:
        return list(error.errors)
    return []


def _tasks(made: Prepared) -> Iterator[SpecError]:
    """Tasks for which the data has no labels."""
    try:
        task_labels(made.table, made.evaluation.tasks)
    except ComposeError as error:
        yield at(made, ("evaluate", "tasks"), "labels", str(error))
    try:
        named_labels(made.table, made.evaluation.images)
    except ComposeError as error:
        yield at(made, ("evaluate", "images"), "labels", str(error))


def _looks(made: Prepared) -> Iterator[SpecError]:
    """Metrics of where the model looks, although it does not tell or the data has no boxes."""
    lacking = [] if made.spec.plan.attention else ["a model that tells where it looks, by a port such as `attention`"]
    lacking += [] if "boxes" in made.source.shapes else ["boxes from the data, as with `data: {boxes: true}`"]
    for path, metric in _looking(made).items() if lacking else ():
        yield at(made, path, "unavailable-input", f"`{metric}` needs {' and '.join(lacking)}")


def _looking(made: Prepared) -> dict[Path, str]:
    """Where the spec asks for such a metric, the first there."""
    asked: dict[Path, str] = {}
    for metric in made.evaluation.metrics:
        if metric.looks:
            asked.setdefault(("evaluate", "metrics"), metric.key)
    for name, stage in made.stages.items():
        with suppress(BlockError):
            if stage.validate_every and make_metric(stage.monitor).looks:
                asked["train", name, "monitor"] = stage.monitor
    return asked


def _data(made: Prepared) -> Iterator[SpecError]:
    """What the data sources find wrong with their files."""
    sources: dict[Path, DataSource | None] = {("data",): made.source, ("labels", "external"): made.labels.external}
    for path, source in sources.items():
        found = [] if source is None else _checked(source)
        if len(found) == 1:
            yield at(made, path, "data", found[0])
        elif found:
            notes = [Note(line) for line in found[:LISTED]]
            notes += [Note(f"and {len(found) - LISTED:,} more")] if len(found) > LISTED else []
            yield replace(at(made, path, "data", f"the data has {len(found):,} problems"), notes=notes)


def _splits(made: Prepared) -> Iterator[SpecError]:
    """Examples that are not there: those that a stage trains on, and those that are evaluated."""
    yield from batch_problems(made)
    split = made.evaluation.split
    try:
        if not len(made.source.split(split)):
            yield at(made, ("evaluate",), "data", f"there are no examples in the split `{split}`")
    except DataError as error:
        yield at(made, ("evaluate",), "data", str(error))


def _checked(source: DataSource) -> list[str]:
    try:
        return source.check()
    except (DataError, OSError) as error:
        return [str(error)]
