"""Which weights a gradient reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from compose.model.facts import Facts, Flow
from compose.spec.wiring.plan import Ref, Step, needed, refs

Weight: TypeAlias = tuple[str, str]
"""A step that has weights of its own, and the name of one of them."""


def flows(facts: Mapping[str, Facts], ref: Ref) -> list[Flow]:
    """Where a gradient at a value goes on to; nothing where the value carries none."""
    if ref.step not in facts:
        return []
    found = facts[ref.step].flows.items()
    return [flow for (port, place), flow in found if port == ref.port and ref.index in (None, place)]


def reached(ends: Iterable[Ref], steps: Iterable[Step], facts: Mapping[str, Facts]) -> frozenset[Weight]:
    """The weights that a gradient reaches.

    Args:
        ends: the values where it starts.
        steps: the steps of the model and its losses.
        facts: step -> what is known of it.
    """
    owners = {step.name: step.share or step.name for step in steps}
    weights: set[Weight] = set()
    waiting, seen = list(ends), set(ends)
    while waiting:
        ref = waiting.pop()
        for flow in flows(facts, ref):
            weights |= {(owners[ref.step], name) for name in flow.weights}
            following = flow.values - seen
            seen |= following
            waiting += following
    return frozenset(weights)


def cut(end: Ref, steps: Iterable[Step], facts: Mapping[str, Facts]) -> Ref | None:
    """The value nearest to the weights at which a gradient stops on its way back from an end.

    Args:
        end: a value that reaches no weights.
        steps: the steps of the model and its losses, in order.
        facts: step -> what is known of it.

    Returns:
        The value that carries no gradient although weights lie before it; None where there are none.
    """
    chain = needed(list(steps), [end])
    inputs = {step.name: [ref for value in step.inputs.values() for ref in refs(value)] for step in chain}
    read = {(ref.step, ref.port) for ref in [end, *(ref for found in inputs.values() for ref in found)]}
    for step in chain:
        fed = bool(facts[step.name].learning) or any(flows(facts, ref) for ref in inputs[step.name])
        for port in step.declaration.outputs if step.declaration and fed else ():
            if (step.name, port.name) in read and not flows(facts, Ref(step.name, port.name)):
                return Ref(step.name, port.name)
    return None
