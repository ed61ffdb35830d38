"""How a model adapts to an episode: which weights, by how many steps of gradient descent, at which rate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from compose.training.stages.nodes import matches

if TYPE_CHECKING:
    from compose.evaluation.evaluation import Evaluation
    from compose.spec.wiring.plan import Plan
    from compose.training.stages.stage import Stage

Rates: TypeAlias = Literal["fixed", "step", "layer"]
"""Inner rates: all as the spec says, or learned from there: one for each step, or for each step and weight tensor."""
STEPS, LR = 1, 0.1
"""Where no stage meta-learns and the evaluation does not say."""


@dataclass(frozen=True)
class Adaptation:
    """The inner loop.

    Args:
        nodes: patterns of the nodes whose weights adapt.
        steps: gradient steps on the support.
        lr: their learning rate, where learned ones begin.
        rates: whether they are learned.
        losses: names of the losses that are descended; None for all on the targets of an episode's labels.
        trained: nodes that the outer loop trains. Their batch norms, too, know no statistics but those of a batch.
        rated: patterns of the nodes whose weight tensors have learned rates of their own; ``nodes`` where None.
    """

    nodes: tuple[str, ...]
    steps: int
    lr: float
    rates: Rates = "fixed"
    losses: tuple[str, ...] | None = None
    trained: tuple[str, ...] = ()
    rated: tuple[str, ...] | None = None

    def of(self, nodes: Sequence[str]) -> set[str]:
        """Those of the model's nodes that adapt."""
        return {node for pattern in self.nodes for node in matches(pattern, nodes)}


def inner_loop(stages: Sequence[Stage], nodes: Sequence[str]) -> Adaptation | None:
    """The inner loop of the last stage that has one.

    Args:
        stages: all stages.
        nodes: names of the model's nodes.
    """
    found = [inner for stage in stages if (inner := stage.adaptation(nodes)) is not None]
    return found[-1] if found else None


def evaluated_adaptation(evaluation: Evaluation, inner: Adaptation | None) -> Adaptation | None:
    """How weights adapt where episodes are evaluated: as the evaluation says, else as they were trained to.

    Args:
        evaluation: the section of the spec.
        inner: the inner loop of the last stage that has one.
    """
    if inner is None and evaluation.adapt is None:
        return None
    adapted = inner or Adaptation((), STEPS, LR)
    if evaluation.adapt is not None:
        adapted = replace(adapted, nodes=tuple(evaluation.adapt), rated=adapted.nodes)
    if evaluation.inner_steps is not None:
        adapted = replace(adapted, steps=evaluation.inner_steps)
    if evaluation.inner_lr is not None:
        adapted = replace(adapted, lr=evaluation.inner_lr, rates="fixed")
    return adapted


def task_losses(plan: Plan, listed: Collection[str] | None = None) -> tuple[str, ...]:
    """The losses that weights adapt by: those listed, or all on the targets of an episode's labels.

    Args:
        plan: the wired spec.
        listed: names of losses.
    """
    return tuple(
        term.name
        for term in plan.terms
        if (any(map(_of_labels, plan.reserved_of(term))) if listed is None else term.name in listed)
    )


def _of_labels(reserved: str) -> bool:
    """Whether a reserved input is the targets of an episode's labels."""
    from compose.spec.wiring.reserved import RESERVED

    return RESERVED[reserved].of_tasks and RESERVED[reserved].of_examples
