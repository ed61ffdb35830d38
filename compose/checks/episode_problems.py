"""What would stop training or evaluation on episodes: what the model scores, and what the data does not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from compose.block import BlockError
from compose.checks.stage_problems import at
from compose.data.source import DataError
from compose.errors import SpecError, SpecErrors, nearest
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.evaluation.evaluation_error import EvaluationError
from compose.model.label_space_check import fixing, fixing_ways
from compose.spec.wiring.plan import Ref, Step, Term, needed, refs
from compose.spec.wiring.reserved import RESERVED, WAYS
from compose.spec.wiring.wire import nothing_adapts, stages_giving
from compose.spec.yaml.tree import Mapping, Path
from compose.tasks.class_pool import PoolError
from compose.training.adaptation.adaptation import Adaptation, task_losses
from compose.training.prepare import Prepared
from compose.training.stages.nodes import holders, matches


def episode_problems(made: Prepared) -> list[SpecError]:
    """All mistakes; each cause is told once."""
    of_scores = list(_scores(made))
    if of_scores:
        return of_scores
    pools = list(_pools(made))
    found = [*adaptation_problems(made), *(pools or _thresholds(made)), *ways_problems(made)]
    return list({error.message: error for error in reversed(found)}.values())[::-1]


def ways_problems(made: Prepared) -> Iterator[SpecError]:
    """Episodes of another number of classes than the weights are for."""
    batch, fixed = made.episodes, fixing_ways(made.spec.plan, adapts=made.adaptation is not None)
    if fixed and not fixing([fixed], WAYS):
        try:
            made.shaped  # noqa: B018 - where the shapes don't fit, that is the error
        except SpecErrors:
            return
    asked: list[tuple[Path, int]] = [
        (("train", name), stage.episodes.shape.ways) for name, stage in made.stages.items() if stage.episodes
    ]
    asked += [(("evaluate",), ways) for ways in dict.fromkeys(test.shape.ways for test in made.evaluation.episodes)]
    for path, ways in asked:
        if fixed and batch and ways != batch.shape.ways:
            message = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode, got {ways}"
            error = at(made, (*path, "ways"), "label-space", message)
            yield replace(error, expected=f"`ways: {batch.shape.ways}`")


def _scores(made: Prepared) -> Iterator[SpecError]:
    """Scores of labels where episodes are asked for, and the other way round."""
    whole = [name for name in made.spec.plan.scoring().reserved if RESERVED[name].of_episodes]
    if whole and made.adaptation is not None:
        message = f"the weights adapt to one episode at a time, and the scores depend on `{whole[0]}` of many"
        reader = next(step for step in made.spec.plan.steps if whole[0] in _read(step))
        yield SpecError("wrong-task", message, reader.place, "`novel.targets` in the loss alone")
        return
    of_episodes = bool(whole) or made.adaptation is not None
    tasks = made.evaluation.tasks
    if of_episodes and tasks:
        message = f"the scores are of the classes of episodes, and `{tasks[0]}` scores labels"
        yield replace(at(made, ("evaluate", "tasks"), "wrong-task", message), expected="`tasks: [episodes]`")
    if not of_episodes:
        asked: list[Path] = [("evaluate", "tasks")] if made.evaluation.episodes else []
        asked += [("train", name, "stage") for name, stage in made.stages.items() if stage.episodes]
        for path in asked:
            message = "the scores are of labels, and episodes need scores of the classes that the support shows"
            adapting = " or ".join(f"`{name}`" for name in stages_giving(made.spec.registry, "of_tasks"))
            expected = f"a model whose scores depend on `support.targets`, or a stage {adapting}"
            yield replace(at(made, path, "wrong-task", message), expected=expected)


def _read(step: Step) -> list[str]:
    """The reserved inputs that a step reads itself."""
    return [ref.port for ref in _refs(step) if not ref.step]


def _refs(step: Step) -> list[Ref]:
    return [ref for value in step.inputs.values() for ref in refs(value)]


def adaptation_problems(made: Prepared) -> Iterator[SpecError]:
    """Weights that are to adapt to episodes, and do not."""
    evaluation, model = made.evaluation, made.spec.tree.get("model")
    nodes = list(model.items) if isinstance(model, Mapping) else []  # those that the scores do not need, too
    for pattern in evaluation.adapt or ():
        if not matches(pattern, nodes):
            message, close = f"no node matches `{pattern}`", nearest(pattern, nodes)
            error = at(made, ("evaluate", "adapt"), "bad-parameter", message)
            yield replace(error, expected=f"one of {', '.join(nodes)}", nearest=close)
            return
    for key, value in {"inner_steps": evaluation.inner_steps, "inner_lr": evaluation.inner_lr}.items():
        if made.adaptation is None and value is not None:
            yield at(made, ("evaluate", key), "bad-parameter", nothing_adapts(made.spec.registry))
    asked: dict[Path, Adaptation | None] = {
        ("train", name): stage.adaptation(made.spec.plan.nodes) for name, stage in made.stages.items()
    }
    for path, adaptation in asked.items():
        if adaptation and made.inner and adaptation.rates != "fixed" and _rated(adaptation) != _rated(made.inner):
            message = (
                "the model has the learned rates of the last stage that adapts weights, and this one would learn others"
            )
            error = at(made, (*path, "inner_rates"), "bad-parameter", message)
            yield replace(error, expected="the same `inner_rates`, `inner_steps` and `adapt` in both, or `fixed`")
    for name, stage in made.stages.items():
        yield from _unstarted(made, name, stage.adapted_outputs)
    asked["evaluate",] = None if evaluation.adapt is None else made.adaptation
    for path, adaptation in asked.items():
        why = _idle(made, adaptation) if adaptation else ""
        if why:
            yield at(made, (*path, "adapt"), "bad-parameter", f"nothing adapts to an episode: {why}")


def _unstarted(made: Prepared, stage: str, names: Sequence[str]) -> Iterator[SpecError]:
    """Outputs that are to adapt and cannot: of a node that has several, or that no loss of the episodes depends on."""
    plan = made.spec.plan
    if not {*names} <= {step.name for step in plan.steps}:
        return  # told by its name
    asked = {ref.port for step in plan.after_starts([plan.scores]) for ref in _refs(step) if not ref.step}
    if names and not asked & {*made.source.shapes}:
        message = f"the scores would be the same for all queries: nothing but `{names[0]}` depends on examples"
        yield at(made, ("train", stage, "adapt_outputs"), "bad-parameter", message)
        return
    for name in names:
        step = next(step for step in plan.steps if step.name == name)
        outputs = step.declaration.outputs if step.declaration else ()
        if len(outputs) != 1 or outputs[0].many or outputs[0].name != "out":
            message = f"expected a node with one output, a tensor, to adapt it to an episode; `{name}` has others"
            yield at(made, ("train", stage, "adapt_outputs"), "bad-parameter", message)
        elif not any(name in {each.name for each in needed(plan.steps, term.reads)} for term in _of_tasks(made, stage)):
            message = f"the output of `{name}` does not adapt: no loss on `novel.targets` depends on it"
            yield at(made, ("train", stage, "adapt_outputs"), "bad-parameter", message)


def _of_tasks(made: Prepared, stage: str) -> list[Term]:
    """The losses that a stage descends."""
    descended = made.stages[stage].descends(made.spec.plan, made.source)
    return [term for term in made.spec.plan.terms if term.name in descended]


def _rated(adaptation: Adaptation) -> tuple[object, ...]:
    """What learned rates are of."""
    return adaptation.rates, adaptation.steps, *(adaptation.nodes if adaptation.rates == "layer" else ())


def _idle(made: Prepared, adaptation: Adaptation) -> str:
    """Why nothing adapts; "" where something does, or where the shapes are not known."""
    plan, losses = made.spec.plan, task_losses(made.spec.plan, adaptation.losses)
    if any(not matches(pattern, plan.nodes) for pattern in adaptation.nodes):
        return ""  # told by its name
    if adaptation.losses and not {*losses} & {*task_losses(plan)}:
        return ""  # told by what the losses read
    if not losses:
        return "no loss is on `novel.targets`"
    if not adaptation.nodes and any(stage.adapted_outputs for stage in made.stages.values()):
        return ""  # outputs adapt
    adapting = holders(plan, adaptation.of(plan.nodes))
    reads = [ref for term in plan.terms if term.name in losses for ref in term.reads]
    steps = [step for step in needed(plan.steps, reads, owners=True) if step.name.partition(".")[0] in adapting]
    try:
        learns = any(made.shaped.facts[step.name].trainable for step in steps if step.op == "block")
    except SpecErrors:
        return ""
    named = ", ".join(f"`{name}`" for name in adaptation.nodes)
    why = f"the loss `{losses[0]}` depends on no weights of {named}" if named else "no node is named"
    return "" if learns else why


def _pools(made: Prepared) -> Iterator[SpecError]:
    """Episodes that the data cannot give."""
    tests: dict[Path, tuple[EpisodeTest, ...]] = {("evaluate",): made.evaluation.episodes}
    for name, stage in made.stages.items():
        yield from _pool(made, ("train", name), partial(stage.check_episodes, made.source))
        with suppress(BlockError):  # what it monitors is no metric, which is told at its place
            validation = None if made.why_unvalidated(stage) else stage.validation(made.evaluation)
            tests["train", name] = validation.evaluation.episodes if validation else ()
    for path, listed in tests.items():
        for ways in dict.fromkeys(test.shape.ways for test in listed):
            largest = max((test for test in listed if test.shape.ways == ways), key=lambda test: test.shape.shots)
            yield from _pool(made, path, partial(largest.check, made.source))


def _thresholds(made: Prepared) -> Iterator[SpecError]:
    """Thresholds that there are no validation episodes for."""
    try:
        made.evaluation.check_thresholds(made.source)
    except EvaluationError as error:
        yield at(made, ("evaluate", "metrics"), "data", str(error))


def _pool(made: Prepared, path: Path, attempt: Callable[[], object]) -> Iterator[SpecError]:
    """The data's refusal, at the option of the episodes that it is about."""
    try:
        attempt()
    except PoolError as error:
        yield at(made, (*path, error.about) if error.about else ("data",), "data", str(error))
    except DataError as error:
        yield at(made, ("data",), "data", str(error))
