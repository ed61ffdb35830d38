"""Stages that run and do not do what their options say: each a note with its place."""

from __future__ import annotations

from collections.abc import Iterator

from compose.errors import listed
from compose.spec.wiring.plan import Step
from compose.training.prepare import Prepared
from compose.training.stages.nodes import holders, matches, trained

RANDOM = "none"
"""What a parameter ``weights`` is where a block's weights are drawn."""


def stage_notes(made: Prepared) -> Iterator[str]:
    """All of them; the shapes are known."""
    nodes, learning = made.spec.plan.nodes, _learning(made)
    for name, stage in made.stages.items():
        if remark := stage.schedule.remark(stage.epochs):
            yield f"train.{name}.schedule: {remark}"
        for pattern in stage.train or ():
            if not holders(made.spec.plan, matches(pattern, nodes)) & learning:
                yield f"train.{name}.train: `{pattern}` names no node with weights that learn"
    yield from _random(made, learning)


def _learning(made: Prepared) -> set[str]:
    """The nodes that have weights which their blocks do not freeze."""
    return {_node(step) for step in made.spec.plan.steps if made.shaped.facts[step.name].trainable}


def _random(made: Prepared, learning: set[str]) -> Iterator[str]:
    """Nodes whose weights are random and stay so, because no stage trains them or their blocks freeze them."""
    plan = made.spec.plan
    ever = {node for stage in made.stages.values() for node in trained(plan.nodes, stage.train, stage.freeze)}
    ever |= made.adaptation.of(plan.nodes) if made.adaptation is not None else set()
    kept = holders(plan, ever)
    drawn = [step for step in plan.steps if made.shaped.facts[step.name].parameters and _drawn(step) is not False]
    left = list(dict.fromkeys(node for step in drawn if (node := _node(step)) not in kept))
    if left and made.stages:
        where, them = f"model.{left[0]}" if len(left) == 1 else "model", listed([f"`{node}`" for node in left])
        yield f"{where}: the weights of {them} are random, and no stage trains them"
    for step in drawn if made.stages else ():
        if _drawn(step) and _node(step) in kept - learning:
            yield f"model.{step.name}: its weights are random, and its block keeps them so (`weights: {RANDOM}`)"


def _drawn(step: Step) -> bool | None:
    """Whether a block's weights are drawn; None where it does not say."""
    parameter = step.declaration and step.declaration.parameter("weights")
    return step.params.get("weights", parameter.default) == RANDOM if parameter else None


def _node(step: Step) -> str:
    return step.name.partition(".")[0]
