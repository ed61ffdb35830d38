"""Losses that a spec may well have, and that its writer hardly means: each a note with its place."""

from __future__ import annotations

from collections.abc import Iterator

from compose.block import GivesProbabilities, TakesLogits
from compose.spec.wiring.plan import Ref, Step, Term, needed, refs
from compose.training.adaptation.adaptation import task_losses
from compose.training.prepare import Prepared


def loss_notes(made: Prepared) -> Iterator[str]:
    """All of them; the shapes are known."""
    yield from _probabilities(made)
    descended = {name for losses in _descended(made).values() for name in losses}
    if made.adaptation is not None:  # where episodes are evaluated, too
        descended |= {*task_losses(made.spec.plan, made.adaptation.losses)}
    for name, losses in _descended(made).items():
        terms = [term for term in made.spec.plan.terms if term.name in losses]
        if terms and not any(term.weight for term in terms):
            yield f"train.{name}: all losses of the stage have the weight 0, so that it learns nothing"
    for term in made.spec.plan.terms if made.stages else ():
        if term.name not in descended:
            yield f"loss.{term.name}: no stage descends it"
    yield from _scores(made, [term for term in made.spec.plan.terms if term.name in descended])


def _descended(made: Prepared) -> dict[str, list[str]]:
    """Stage -> its losses."""
    found = {name: (stage, made.source_of(stage)) for name, stage in made.stages.items()}
    return {name: stage.descends(made.spec.plan, source) for name, (stage, source) in found.items() if source}


def _probabilities(made: Prepared) -> Iterator[str]:
    """Losses of logits that get probabilities."""
    modules = made.shaped.walk.modules
    for term in made.spec.plan.terms:
        if term.step is None or not term.step.inputs:
            continue
        loss, fed = modules[term.step.name], next(ref for value in term.step.inputs.values() for ref in refs(value))
        source = modules.get(fed.step)
        if not (isinstance(loss, TakesLogits) and isinstance(source, GivesProbabilities)):
            continue
        if loss.takes_logits and source.probabilities:
            logits = next(ref for value in _step(made, fed).inputs.values() for ref in refs(value))
            given, wanted = _shown(made, fed), _shown(made, logits)
            yield f"loss.{term.name}: it takes logits, and `{given}` gives probabilities; the logits are `{wanted}`"


def _step(made: Prepared, ref: Ref) -> Step:
    return next(step for step in made.spec.plan.steps if step.name == ref.step)


def _shown(made: Prepared, ref: Ref) -> str:
    """A value as one writes it: the first port of a node by the node alone."""
    declaration = _step(made, ref).declaration if ref.step else None
    return ref.step if declaration and declaration.outputs[0].name == ref.port and ref.index is None else str(ref)


def _scores(made: Prepared, terms: list[Term]) -> Iterator[str]:
    """Scores whose weights no loss has a part in."""
    plan = made.spec.plan
    scoring = _with_weights(made, needed(plan.steps, [plan.scores], owners=True))
    trained = _with_weights(made, needed(plan.steps, [ref for term in terms for ref in term.reads], owners=True))
    if terms and scoring and not scoring & trained:
        named = _shown(made, plan.scores)
        yield f"scores: no loss depends on `{named}` or on any of its weights, so that they stay random"


def _with_weights(made: Prepared, steps: tuple[Step, ...]) -> set[str]:
    return {step.share or step.name for step in steps if made.shaped.facts[step.share or step.name].weights}
