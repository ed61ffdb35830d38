"""Add to the mistakes of shapes what would take them away: each fix was laid over the spec and worked out again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from time import process_time
from typing import Any

from torch import Tensor

from compose.errors import Fix, SpecError
from compose.model.failures.misfit import Misfit
from compose.model.proposals.candidates import Candidate, Candidates
from compose.model.proposals.judge import Judge, Verdict
from compose.model.proposals.opening import openings
from compose.model.proposals.spot import names_in, written
from compose.model.scores_check import scored
from compose.model.walk import Walk
from compose.spec.read import Spec, whole_plan
from compose.spec.wiring.plan import Plan, Ref, Step
from compose.spec.wiring.reserved import RESERVED, TARGETS

THEN: dict[Verdict, str] = {"fits": "", "fits here": ", and then another mistake shows"}
MOST_FIXES = 3
"""How many fixes an error has."""
MOST_PLAIN = 2
"""How many of them are other values alone, so that there is room for a block of the core."""
MOST_TRIED = 60
"""How many candidates are tried for it."""
MOST_SECONDS = 2.0
"""How much of the processor's time is spent on all of them; a small model takes a tenth of it."""
MOST_ERRORS = 3
"""How many errors are looked at; more have one cause as a rule."""


def propose(
    errors: Iterable[SpecError], spec: Spec, walk: Walk, check: Callable[[Spec], list[SpecError]]
) -> list[SpecError]:
    """The errors, with fixes where some are found.

    Args:
        errors: the errors of a spec; those that are misfits get fixes.
        spec: the spec.
        walk: what is known of its shapes.
        check: finds the mistakes of a spec whose shapes fit.
    """
    found = list(errors)
    plan, composites = whole_plan(spec)
    steps = {step.name: step for step in plan.all_steps}
    walk = _completed(walk, plan)
    judge = Judge(spec, walk, steps, found, check)
    misfits: dict[str, Misfit] = {}
    for error in found:
        if isinstance(error, Misfit) and error.at is not None:
            misfits.setdefault(_node(error), error)  # one fix takes all mistakes of a node away
    fixes: dict[int, list[Fix]] = {}
    until = process_time() + MOST_SECONDS
    for error in list(misfits.values())[:MOST_ERRORS]:
        places = openings(error, spec.tree, walk, composites)
        candidates = [candidate for place in places for candidate in Candidates(place, walk, steps, composites)]
        candidates = [candidate for candidate in candidates if not _follows_targets(candidate, plan.scores)]
        fixes[id(error)] = _fixes(error, candidates, spec, judge, _scores_amiss(plan, walk), until)
    return [_with(error, fixes.get(id(error), [])) for error in found]


def _with(error: SpecError, fixes: list[Fix]) -> SpecError:
    """The error with fixes, and what it came from."""
    if not fixes:
        return error
    found = replace(error, fixes=fixes)
    found.__cause__ = error.__cause__
    return found


def _node(misfit: Misfit) -> str:
    return misfit.at.name if isinstance(misfit.at, Step) else str(misfit.at)


def _completed(walk: Walk, plan: Plan) -> Walk:
    """The walk, and what nodes give that nothing reads."""
    found = walk.anew()
    for step in plan.all_steps:
        if step.name in walk.finished:
            found.take_over(step, walk)
        else:
            found.run([step])
    return found


def _fixes(
    misfit: Misfit, candidates: list[Candidate], spec: Spec, judge: Judge, scores: Ref | None, until: float
) -> list[Fix]:
    """The first candidates that fit, in order of cost."""
    fixes: dict[Verdict, dict[str, Fix]] = {"fits": {}, "fits here": {}}
    found: list[Candidate] = []
    for tried, candidate in enumerate(sorted(candidates, key=lambda candidate: candidate.cost)):
        if len(fixes["fits"]) == MOST_FIXES or tried == MOST_TRIED or process_time() > until:
            break
        plain = [other for other in found if other.adapter is None]
        if any(candidate.extends(other) for other in found) or (candidate.adapter is None and len(plain) == MOST_PLAIN):
            continue
        overlay = _overlay(candidate, names_in(candidate.spot.section, spec.unread or spec.tree), scores)
        verdict = judge.judge(overlay, misfit)
        if verdict != "fails":
            yaml = written(overlay)
            found += [candidate] if verdict == "fits" else []
            fixes[verdict].setdefault(yaml, Fix(f"{candidate.message}{THEN[verdict]}", yaml))
    return list((fixes["fits"] or fixes["fits here"]).values())[:MOST_FIXES]


def _follows_targets(candidate: Candidate, scores: Ref) -> bool:
    """Whether a candidate gives the scores weights for each training label."""
    links = candidate.adapter.links if candidate.adapter else ()
    return any(link.like in TARGETS for link in links) and any(feed.ref == scores for feed, _ in candidate.texts)


def _scores_amiss(plan: Plan, walk: Walk) -> Ref | None:
    """The scores, where they have other dims than scores: what makes them fit a loss then are the scores."""
    value = walk.held(plan.scores)
    dims = RESERVED[scored(plan, adapts=False)].dims
    return plan.scores if isinstance(value, Tensor) and value.ndim != len(dims) else None


def _overlay(candidate: Candidate, taken: set[str], scores: Ref | None) -> dict[str, Any]:
    """What a candidate lays over the spec.

    Args:
        candidate: the candidate.
        taken: names of nodes.
        scores: the scores, where they would be others with what makes them fit a loss.
    """
    spot = candidate.spot
    if candidate.adapter is None:
        return spot.overlay(dict(candidate.texts), {})
    ((feed, source),) = candidate.texts
    nodes: dict[str, Any] = {}
    base = source.split(".")[-1] if "." in source and source.split(".")[0] not in taken else source.split(".")[0]
    for link in candidate.adapter.links:
        name = _free(f"{base}_{link.word}", taken | set(nodes))
        nodes[name] = link.node(source)
        source = name
    found = spot.overlay({feed: source}, nodes)
    return {**found, "scores": source} if spot.path[0] == "loss" and feed.ref == scores else found


def _free(name: str, taken: set[str]) -> str:
    return next(free for i in count(1) if (free := name if i == 1 else f"{name}_{i}") not in taken)
