"""Which weights learn: stages whose losses reach none that they train, and weights that no loss reaches."""

from __future__ import annotations

from collections.abc import Iterator

from compose.checks.stage_problems import at
from compose.errors import Note, SpecError, listed
from compose.model.reach import Weight, cut, flows, reached
from compose.spec.wiring.plan import Step, Term
from compose.training.prepare import Prepared
from compose.training.stages.nodes import trained
from compose.training.stages.stage import Stage


def gradient_problems(made: Prepared) -> Iterator[SpecError]:
    """Stages that would change no weight. The shapes fit, and each stage has weights to train."""
    for name, stage in made.stages.items():
        every = _descended(made, stage, weightless=True)
        terms = [term for term in every if term.weight] or every  # losses times 0 change nothing, and have a gradient
        if terms and not _reached(made, stage, terms):
            yield _without_gradient(made, terms) or _beside(made, name, stage, terms)


def gradient_notes(made: Prepared) -> Iterator[str]:
    """Losses that train nothing, and weights that a stage trains and that no loss of such a stage reaches."""
    facts = made.shaped.facts
    told: dict[str, None] = {}
    for name, stage in made.stages.items():
        for term in _descended(made, stage):
            if not flows(facts, term.value):
                told[f"the loss `{term.name}` carries no gradient: it trains nothing in the stage `{name}`"] = None
    yield from told
    still = _chosen_by_any(made) - {weight for stage in made.stages.values() for weight in _learned(made, stage)}
    if still:
        names = list(_named(made, still))
        yield f"no loss reaches the weights of {listed(names)}: training leaves them as they were drawn"


def _descended(made: Prepared, stage: Stage, *, weightless: bool = False) -> list[Term]:
    """The terms of the loss that a stage descends, with those that have no weight or without them."""
    source = made.source_of(stage)
    names = stage.descends(made.spec.plan, source) if source else ()
    return [term for term in made.spec.plan.terms if term.name in names and (term.weight or weightless)]


def _chosen(made: Prepared, stage: Stage) -> frozenset[Weight]:
    """The weights that a stage may change: those of the nodes that it trains, and the losses' own."""
    nodes = trained(made.spec.plan.nodes, stage.train, stage.freeze)
    steps = [step for step in made.shaped.steps if _node(step) in nodes or step.name.startswith("loss.")]
    owners = {step.share or step.name for step in steps}
    return frozenset((owner, name) for owner in owners for name in made.shaped.facts[owner].learning)


def _chosen_by_any(made: Prepared) -> frozenset[Weight]:
    nodes = {_node(step) for step in made.spec.plan.steps}
    chosen = [_chosen(made, stage) for stage in made.stages.values()]
    return frozenset(weight for weights in chosen for weight in weights if weight[0].partition(".")[0] in nodes)


def _learned(made: Prepared, stage: Stage) -> frozenset[Weight]:
    """The weights that a stage changes."""
    return _reached(made, stage, _descended(made, stage))


def _reached(made: Prepared, stage: Stage, terms: list[Term]) -> frozenset[Weight]:
    """The weights that a stage may change and that the gradient of some terms reaches."""
    ends = [term.value for term in terms]
    return _chosen(made, stage) & reached(ends, made.shaped.steps, made.shaped.facts)


def _without_gradient(made: Prepared, terms: list[Term]) -> SpecError | None:
    """The error where no gradient leaves the losses; None where one does."""
    shaped = made.shaped
    if any(reached([term.value], shaped.steps, shaped.facts) for term in terms):
        return None
    term = terms[0]
    stop = cut(term.value, shaped.steps, shaped.facts)
    place = next((ref.place for ref in term.reads if ref.place), None)
    message = f"no gradient goes from the loss `{term.name}` to any weights: there is nothing to train"
    if stop is None:
        return SpecError("no-gradient", message, place, "a loss on what depends on weights")
    step = next(step for step in shaped.steps if step.name == stop.step)
    note = Note(f"`{stop}` carries no gradient", step.place)
    return SpecError("no-gradient", message, place, "a loss on a port that carries one", None, (note,))


def _beside(made: Prepared, name: str, stage: Stage, terms: list[Term]) -> SpecError:
    """The error where the losses reach weights, but none that the stage trains."""
    shaped = made.shaped
    found = reached([term.value for term in terms], shaped.steps, shaped.facts)
    nodes = dict.fromkeys(owner.partition(".")[0] for owner, _ in sorted(found))
    set_there = {"train": stage.train, "freeze": stage.freeze, "losses": stage.losses}
    key = next((key for key, names in set_there.items() if names), "")
    losses = listed([f"`{term.name}`" for term in terms])
    message = f"the stage trains nothing: its losses ({losses}) reach none of the weights that it trains"
    error = at(made, ("train", name, *([key] if key else [])), "no-gradient", message)
    error.expected = f"a node that they reach among those trained: {listed([f'`{node}`' for node in nodes])}"
    return error


def _named(made: Prepared, weights: frozenset[Weight]) -> Iterator[str]:
    """The nodes, or where others of a node's weights are reached the weights themselves."""
    for step in made.shaped.steps:
        own = {name for owner, name in weights if owner == step.name}
        if own and own == made.shaped.facts[step.name].learning:
            yield f"`{step.name}`"
        else:
            yield from (f"`{step.name}.{name}`" for name in sorted(own))


def _node(step: Step) -> str:
    return step.name.partition(".")[0]
