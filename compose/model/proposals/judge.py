"""Whether a change of a spec takes a mistake away, and makes none."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from compose.errors import Document, Place, SpecError, SpecErrors
from compose.model.failures.misfit import Misfit
from compose.model.walk import Walk
from compose.spec.read import Spec, laid_over
from compose.spec.wiring.plan import Plan, Step, refs
from compose.spec.yaml.tree import Mapping as MappingTree
from compose.spec.yaml.tree import graft

Verdict = Literal["fits", "fits here", "fails"]
"""Whether a change takes a mistake away; "fits here" where others show then that are of other nodes."""
NOWHERE = Place(Document("proposal", ()), 1, 1)


class Judge:
    """Lays changes over a spec, and works out what they change.

    Args:
        spec: the spec as it is.
        walk: what is known of its shapes.
        steps: the steps of the walk by name.
        errors: its mistakes.
        check: finds the mistakes of a spec whose shapes fit.
    """

    def __init__(
        self,
        spec: Spec,
        walk: Walk,
        steps: Mapping[str, Step],
        errors: Collection[SpecError],
        check: Callable[[Spec], list[SpecError]],
    ) -> None:
        self._spec, self._walk, self._steps, self._check = spec, walk, steps, check
        self._errors = {_identity(error) for error in errors}

    def judge(self, overlay: dict[str, Any], misfit: Misfit) -> Verdict:
        """How a spec does with this laid over it."""
        here = misfit.place or NOWHERE
        change = graft(overlay, here)
        assert isinstance(change, MappingTree)
        try:
            spec = laid_over(self._spec, change)
        except SpecErrors:
            return "fails"
        left = self._walked(spec.plan) or self._check(spec)
        if _identity(misfit) in map(_identity, left):
            return "fails"
        if any(_is_of(error, misfit) for error in left):
            return "fails"
        new = [error for error in left if _identity(error) not in self._errors]
        places = {here, misfit.at.place} if isinstance(misfit.at, Step) else {here}
        if any(error.place in places for error in new):
            return "fails"
        return "fits here" if new else "fits"

    def _walked(self, plan: Plan) -> list[SpecError]:
        """The mistakes of shapes; what reads nothing new is as it was."""
        walk, changed = self._walk.anew(), set[str]()
        for step in plan.all_steps:
            if self._is_as_before(step, changed):
                walk.take_over(step, self._walk)
            else:
                changed.add(step.name)
                walk.run([step])
        for term in plan.terms:
            walk.check_term(term)
        return walk.errors

    def _is_as_before(self, step: Step, changed: set[str]) -> bool:
        known = self._steps.get(step.name)
        if known is None or step.name not in self._walk.finished or step.share in changed:
            return False
        same = (known.params, known.inputs, known.share) == (step.params, step.inputs, step.share)
        same = same and known.declaration == step.declaration
        return same and not any(ref.step in changed for value in step.inputs.values() for ref in refs(value))


def _is_of(error: SpecError, misfit: Misfit) -> bool:
    """Whether an error is of the same node."""
    steps = [found.at.name for found in (error, misfit) if isinstance(found, Misfit) and isinstance(found.at, Step)]
    return len(steps) == 2 and steps[0] == steps[1]


def _identity(error: SpecError) -> tuple[str, str]:
    return error.code, error.message
