"""What would stop training or evaluation on episodes: what the model scores, and what the data does not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from compose.data.class_pool import PoolError
from compose.data.source import DataError
from compose.errors import SpecError
from compose.evaluation.episodes import EpisodeTest
from compose.evaluation.errors import EvaluationError
from compose.model.label_space import fixing
from compose.prepare import Prepared
from compose.spec.plan import Plan, needed
from compose.spec.sources import RESERVED, WAYS
from compose.spec.tree import Path
from compose.stage_problems import at
from compose.training.batches import validates
from compose.training.episodic import Episodic


def episode_problems(made: Prepared) -> list[SpecError]:
    """All mistakes; each cause is told once."""
    of_scores = list(_scores(made))
    if of_scores:
        return of_scores
    found = [*_pools(made), *ways_problems(made)]
    return list({error.message: error for error in reversed(found)}.values())[::-1]


def ways_problems(made: Prepared) -> Iterator[SpecError]:
    """Episodes of another number of classes than the weights are for."""
    plan, batch = made.spec.plan, made.episodes
    scoring = needed(plan.steps, [plan.scores])
    fixed = fixing(scoring, WAYS)
    if fixed is None and made.adaptation is not None and not _meets_labels(plan):
        fixed = scoring[-1]
    asked: list[tuple[Path, int]] = [
        (("train", i), stage.episodes.shape.ways) for i, stage in enumerate(made.stages) if stage.episodes
    ]
    asked += [(("evaluate",), ways) for ways in dict.fromkeys(test.shape.ways for test in made.evaluation.episodes)]
    for path, ways in asked:
        if fixed and batch and ways != batch.shape.ways:
            message = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode, got {ways}"
            error = at(made, (*path, "ways"), "label-space", message)
            yield replace(error, expected=f"`ways: {batch.shape.ways}`")


def _meets_labels(plan: Plan) -> bool:
    """Whether the scores depend on something that each label of an episode has."""
    return any(WAYS in RESERVED[source].dims for source in plan.scoring().sources)


def _scores(made: Prepared) -> Iterator[SpecError]:
    """Scores of labels where episodes are asked for, and the other way round."""
    whole = [source for source in made.spec.plan.scoring().sources if RESERVED[source].of_episodes]
    if whole and made.adaptation is not None:
        message = f"the weights adapt to one episode at a time, and the scores depend on `{whole[0]}` of many"
        yield replace(at(made, ("model",), "wrong-task", message), expected="`novel.targets` in the loss alone")
        return
    of_episodes = bool(whole) or made.adaptation is not None
    tasks = made.evaluation.tasks
    if of_episodes and tasks:
        message = f"the scores are of the classes of episodes, and `{tasks[0]}` scores labels"
        yield replace(at(made, ("evaluate", "tasks"), "wrong-task", message), expected="`tasks: [episodes]`")
    if not of_episodes:
        asked: list[Path] = [("evaluate", "tasks")] if made.evaluation.episodes else []
        asked += [("train", index, "stage") for index, stage in enumerate(made.stages) if stage.episodes]
        for path in asked:
            message = "the scores are of labels, and episodes need scores of the classes that the support shows"
            expected = "a model whose scores depend on `support.targets`, or a stage `maml`"
            yield replace(at(made, path, "wrong-task", message), expected=expected)


def _pools(made: Prepared) -> Iterator[SpecError]:
    """Episodes that the data cannot give."""
    tests: dict[Path, tuple[EpisodeTest, ...]] = {("evaluate",): made.evaluation.episodes}
    for index, stage in enumerate(made.stages):
        if isinstance(stage, Episodic):
            yield from _pool(made, ("train", index), partial(stage.draw, made.source, 0))
            tests["train", index] = stage.tests if validates(stage, made.source) else ()
    for path, listed in tests.items():
        for test in listed:
            yield from _pool(made, path, partial(test.check, made.source))
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
