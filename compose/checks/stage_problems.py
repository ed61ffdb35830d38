"""What would stop a stage of training: what the model does not have for it, and what its examples do not give."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from compose.block import BlockError
from compose.data.source import DataSource
from compose.errors import SpecError
from compose.model.dims import shape_text
from compose.spec.wiring.reserved import RESERVED
from compose.spec.yaml.tree import Path, place_of
from compose.training.prepare import Prepared
from compose.training.stages.stage import Stage

EXTERNAL = "external.targets"


def stage_problems(made: Prepared) -> Iterator[SpecError]:
    """The mistakes of all stages."""
    nodes = made.spec.plan.nodes
    losses = [term.name for term in made.spec.plan.terms]
    if made.stages and not losses:
        yield at(made, ("train",), "missing-key", "there is nothing to train on: the spec has no `loss:`")
    for name, stage in made.stages.items():
        try:
            stage.check(nodes, losses)
        except BlockError as error:
            yield at(made, ("train", name, *((error.parameter or "").split("."))), "bad-parameter", str(error))
        source = made.labels.external if stage.examples == "external" else made.source
        if source is None:
            message = "the stage trains on external examples, but the spec has no `labels: {external: ...}`"
            yield at(made, ("train", name, "examples"), "unavailable-input", message)
        else:
            yield from _losses(made, name, source)
            yield from _shapes(made, source)


def _losses(made: Prepared, key: str, source: DataSource) -> Iterator[SpecError]:
    """Losses that read what the stage's examples do not give."""
    stage, plan = made.stages[key], made.spec.plan
    given = stage.feeds(source)
    lacking = {
        term.name: [name for name in plan.reserved_of(term) if name not in given and RESERVED[name].of_examples]
        for term in plan.terms
    }
    for name in stage.losses or ():
        if lacking.get(name):
            what = f"`{lacking[name][0]}`, which {_examples(stage)} do not give"
            yield at(made, ("train", key, "losses"), "unavailable-input", f"the loss `{name}` reads {what}")
    fed = [term for term in plan.terms if not lacking[term.name] and _wanted(stage, plan.reserved_of(term))]
    if not stage.losses and plan.terms and not fed:
        message = f"no loss is on the targets of {_examples(stage)}"
        yield at(made, ("train", key), "unavailable-input", message)


def _wanted(stage: Stage, reserved: Collection[str]) -> bool:
    """Whether a stage that names no losses trains on one that reads these inputs."""
    return stage.examples == "data" or EXTERNAL in reserved


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
