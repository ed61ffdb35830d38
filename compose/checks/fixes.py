"""What would take mistakes of shapes away. Nothing here is imported or done for a spec that has none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from compose.errors import SpecError, SpecErrors
from compose.model.failures.misfit import Misfit, UnfitError
from compose.model.walk import Walk
from compose.spec.read import Spec
from compose.training.prepare import Prepared


def with_fixes(
    made: Prepared, errors: Sequence[SpecError], check: Callable[[Spec], list[SpecError]] | None = None
) -> list[SpecError]:
    """The errors, those of shapes with what was found to take them away.

    Args:
        made: the spec.
        errors: its mistakes.
        check: finds the mistakes of a spec as it would be with a fix; those of its shapes where not given.
    """
    if not any(isinstance(error, Misfit) for error in errors):
        return list(errors)
    from compose.model.proposals.propose import propose

    return propose(errors, made.spec, _walk(made), check or (lambda spec: _unfit(made.with_model(spec))))


def _walk(made: Prepared) -> Walk:
    """What is known of the shapes."""
    try:
        return made.shaped.walk
    except UnfitError as error:
        return error.walk


def _unfit(made: Prepared) -> list[SpecError]:
    try:
        made.shaped  # noqa: B018 - to see whether it raises
    except SpecErrors as error:
        return list(error.errors)
    return []
