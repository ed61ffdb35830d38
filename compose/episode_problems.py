"""What would stop training or evaluation on episodes: what the model scores, and what the data does not give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from compose.data.class_pool import PoolError
from compose.data.source import DataError
from compose.errors import SpecError
from compose.evaluation.episodes import EpisodeTest
from compose.model.label_space import fixing
from compose.prepare import Prepared
from compose.spec.plan import needed
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
    fixed = fixing(needed(plan.steps, [plan.scores]), WAYS)
    asked: dict[Path, int] = {("train", i): s.episodes.shape.ways for i, s in enumerate(made.stages) if s.episodes}
    if made.evaluation.episodes:
        asked["evaluate",] = made.evaluation.episodes[0].shape.ways
    for path, ways in asked.items():
        if fixed and batch and ways != batch.shape.ways:
            message = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode, got {ways}"
            error = at(made, (*path, "ways"), "label-space", message)
            yield replace(error, expected=f"`ways: {batch.shape.ways}`")


def _scores(made: Prepared) -> Iterator[SpecError]:
    """Scores of labels where episodes are asked for, and the other way round."""
    of_episodes = any(RESERVED[source].of_episodes for source in made.spec.plan.scoring().sources)
    tasks = made.evaluation.tasks
    if of_episodes and tasks:
        message = f"the scores are of the classes of episodes, and `{tasks[0]}` scores labels"
        yield replace(at(made, ("evaluate", "tasks"), "wrong-task", message), expected="`tasks: [episodes]`")
    if not of_episodes:
        asked: list[Path] = [("evaluate", "tasks")] if made.evaluation.episodes else []
        asked += [("train", index, "stage") for index, stage in enumerate(made.stages) if stage.episodes]
        for path in asked:
            message = "the scores are of labels, and episodes need scores of the classes that the support shows"
            expected = "a model whose scores depend on `support.targets`"
            yield replace(at(made, path, "wrong-task", message), expected=expected)


def _pools(made: Prepared) -> Iterator[SpecError]:
    """Episodes that the data cannot give."""
    tests: dict[Path, tuple[EpisodeTest, ...]] = {("evaluate",): made.evaluation.episodes}
    for index, stage in enumerate(made.stages):
        if isinstance(stage, Episodic):
            yield from _pool(made, ("train", index), partial(stage.draw, made.source, 0))
            tests["train", index] = stage.tests if validates(stage, made.source) else ()
    for path, listed in tests.items():
        if listed:
            largest = max(listed, key=lambda test: test.shape.shots)
            yield from _pool(made, path, partial(largest.check, made.source))


def _pool(made: Prepared, path: Path, attempt: Callable[[], object]) -> Iterator[SpecError]:
    """The data's refusal, at the option of the episodes that it is about."""
    try:
        attempt()
    except PoolError as error:
        yield at(made, (*path, error.about) if error.about else ("data",), "data", str(error))
    except DataError as error:
        yield at(made, ("data",), "data", str(error))
