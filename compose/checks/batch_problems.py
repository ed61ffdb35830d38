"""Batches that a stage would train on and cannot: none, those of one example, and those of other ways than before."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import replace

from compose.checks.stage_problems import at
from compose.data.source import DataError
from compose.errors import Note, SpecError, SpecErrors
from compose.spec.wiring.plan import needed
from compose.training.prepare import Prepared


def batch_problems(made: Prepared) -> Iterator[SpecError]:
    """Stages without examples, and shapes that a batch of one, or episodes of other ways, do not fit."""
    for name, stage in made.stages.items():
        source = made.source_of(stage)
        if stage.episodes is not None:
            yield from _of_other_ways(made, name, stage.episodes.shape.ways)
        if source is None or stage.episodes is not None:
            continue
        try:
            examples = len(source.split("train"))
        except DataError as error:
            yield at(made, ("labels", "external") if stage.examples == "external" else ("data",), "data", str(error))
            continue
        if not examples:
            yield at(made, ("train", name), "data", "there are no examples in the split `train` of what it trains on")
        elif min(stage.batch, examples) == 1 and made.batch > 1:
            yield from _of_one(made, name)


def _of_other_ways(made: Prepared, name: str, ways: int) -> Iterator[SpecError]:
    """What a stage's losses need of weights that are for another number of classes in an episode."""
    stage, plan = made.stages[name], made.spec.plan
    if made.episodes is None or made.episodes.shape.ways == ways:
        return
    losses = stage.descends(plan, made.source)
    ends = [ref for term in plan.terms if term.name in losses for ref in term.reads]
    try:
        first, other = made.shaped.facts, replace(made, stages={name: stage}).shaped.facts
    except SpecErrors:
        return  # told by itself
    scoring = {step.name for step in needed(plan.steps, [plan.scores])}  # these are for any ways, or say so
    for step in needed(plan.steps, ends):
        if step.name not in scoring and step.share is None and first[step.name].weights != other[step.name].weights:
            had = made.episodes.shape.ways
            message = (
                f"the weights of `{step.name}` are for {had} classes in an episode, and the stage `{name}` has {ways}"
            )
            yield SpecError("label-space", message, step.place, "the same `ways` in all stages that train it")


def _of_one(made: Prepared, name: str) -> Iterator[SpecError]:
    """What a batch of one example does not fit."""
    alone = copy(made.stages[name])
    alone.batch = 1
    try:
        made.shaped  # noqa: B018 - where it does not fit larger ones, that is the error
    except SpecErrors:
        return
    try:
        replace(made, stages={name: alone}).shaped  # noqa: B018
    except SpecErrors as error:
        for one in error.errors:
            note = Note(f"in the stage `{name}` a batch is one example", at(made, ("train", name), "", "").place)
            yield replace(one, notes=(*one.notes, note))
