"""What would stop a stage of training: what the model does not have for it, and what its examples do not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from compose.block import BlockError
from compose.data.source import DataSource
from compose.errors import SpecError, SpecErrors
from compose.model.dims import shape_text
from compose.spec.wiring.reserved import RESERVED
from compose.spec.yaml.tree import Path, place_of
from compose.training.prepare import Prepared
from compose.training.stages.nodes import check_trained
from compose.training.stages.stage import Stage


def stage_problems(made: Prepared) -> Iterator[SpecError]:
    """The mistakes of all stages."""
    if made.stages and not made.spec.plan.terms:
        yield at(made, ("train",), "missing-key", "there is nothing to train on: the spec has no `loss:`")
    for name, stage in made.stages.items():
        source = made.source_of(stage)
        if source is None:
            message = "the stage trains on external examples, but the spec has no `labels: {external: ...}`"
            yield at(made, ("train", name, "examples"), "unavailable-input", message)
        else:
            yield from _stage(made, name, source)
            yield from _losses(made, name, source)
            yield from _shapes(made, source)


def _stage(made: Prepared, name: str, source: DataSource) -> Iterator[SpecError]:
    """A stage's options, beside one another and the model; what follows from a wrong name is not told."""
    stage, plan = made.stages[name], made.spec.plan
    losses = stage.descends(plan, source)
    named = list(_refused(made, name, lambda: stage.check(plan.nodes, [term.name for term in plan.terms])))
    yield from named
    if not named:
        yield from _refused(made, name, lambda: _check_monitor(made, stage, losses))
        yield from _refused(made, name, lambda: _check_trained(made, stage, losses))


def _refused(made: Prepared, name: str, attempt: Callable[[], object]) -> Iterator[SpecError]:
    """What a stage refuses, at its option."""
    try:
        attempt()
    except BlockError as error:
        yield at(made, ("train", name, *((error.parameter or "").split("."))), "bad-parameter", str(error))


def _check_monitor(made: Prepared, stage: Stage, losses: Sequence[str]) -> None:
    if why := made.why_unvalidated(stage):
        stage.check_monitor(losses, [], why)
    elif (validation := stage.validation(made.evaluation)) is not None:  # else only the stage itself knows
        stage.check_monitor(losses, validation.names, "")


def _check_trained(made: Prepared, stage: Stage, losses: Sequence[str]) -> None:
    with suppress(SpecErrors):  # shapes that do not fit are told by themselves
        check_trained(made.spec.plan, made.shaped.facts, stage.train, stage.freeze, losses)


def _losses(made: Prepared, key: str, source: DataSource) -> Iterator[SpecError]:
    """Losses that read what the stage's examples do not give."""
    stage, plan = made.stages[key], made.spec.plan
    given = stage.feeds(source)
    for term in plan.terms:
        lacking = [name for name in plan.reserved_of(term) if name not in given and RESERVED[name].of_batch]
        lacking.sort(key=lambda name: not RESERVED[name].of_examples)  # the targets are told before the vectors
        if lacking and term.name in (stage.losses or ()):
            what = f"`{lacking[0]}`, which {_examples(stage)} do not give"
            yield at(made, ("train", key, "losses"), "unavailable-input", f"the loss `{term.name}` reads {what}")
    if plan.terms and not stage.descends(plan, source):
        message = f"no loss is on the targets of {_examples(stage)}"
        yield at(made, ("train", key), "unavailable-input", message)


def _examples(stage: Stage) -> str:
    return f"the stage's examples (`{stage.examples}`)" if stage.episodes is None else "the stage's episodes"


def _shapes(made: Prepared, source: DataSource) -> Iterator[SpecError]:
    """Examples of another shape than those that the model was shaped for."""
    for name, shape in source.shapes.items():
        expected = made.source.shapes.get(name)
        if expected is not None and name in RESERVED and shape != expected:
            shapes = f"`{name}` is {shape_text(shape)} there and {shape_text(expected)} in `data`"
            message = f"the examples of `labels.external` do not fit the model: {shapes}"
            yield at(made, ("labels", "external"), "shape-mismatch", message)


def at(made: Prepared, path: Path, code: str, message: str) -> SpecError:
    """A mistake at a place of the spec."""
    return SpecError(code, message, place_of(made.spec.tree, path))
