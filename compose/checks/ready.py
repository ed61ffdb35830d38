"""A spec of which nothing is left that would stop a run."""

from __future__ import annotations

from dataclasses import replace

from compose.checks.episode_problems import ways_problems
from compose.checks.problems import problems
from compose.errors import SpecErrors
from compose.spec.read import Spec
from compose.training.prepare import Prepared, prepare


def ready(spec: Spec, *, data: bool = True, scoring: bool = False, weight_parts: int = 1) -> Prepared:
    """The spec with all that it names made, and nothing left that would stop a run.

    Args:
        spec: the checked spec.
        data: whether the files of the data are looked at.
        scoring: take only what the scores need, for a model that is not trained any more.
        weight_parts: among how many processes the weights are shared.

    Raises:
        SpecErrors: every mistake that can be found before training.
    """
    made = replace(prepare(spec), weight_parts=weight_parts)
    unfit = list(ways_problems(made)) if scoring else []
    made = made.scoring().without_weights() if scoring else made
    found = unfit or problems(made, data=data)
    if found:
        raise SpecErrors(found)
    return made
