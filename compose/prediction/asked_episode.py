"""An episode that a few-shot model is asked about, and the episodes of a run's test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Int8, Int64
    from torch import Tensor

    from compose.prediction.given_pictures import Picture
    from compose.training.prepare import Prepared


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A few classes or labels with a support, and examples to say them of.

    Args:
        name: what it is called.
        classes: the classes, in the order of their positions.
        examples: the support and then the queries, as the data gives them: ``image`` ``b c h w``, or ``features``.
        support_targets: 1 for the class of a support example, -1 for the others; 0 where that is unknown.
        queries: the queries' names.
        query_targets: the same of the queries, where their classes are known.
        columns: the columns of the classes in the data's label table; None for classes that the user shows.
        several: whether an example may carry several of them.
        unread: the pictures that could not be read, by their places among all that were asked about.
    """

    name: str
    classes: tuple[str, ...]
    examples: Mapping[str, Tensor]
    support_targets: Int8[Tensor, "s n"]
    queries: tuple[str, ...]
    query_targets: Int8[Tensor, "q n"] | None = None
    columns: Int64[Tensor, " n"] | None = None
    several: bool = False
    unread: Mapping[int, Picture] = field(default_factory=dict)

    @property
    def truth(self) -> tuple[int | None, ...]:
        """The class position of each query, where it is known and the only one."""
        if self.query_targets is None:
            return (None,) * len(self.queries)
        return tuple(self.query_targets.argmax(-1).tolist())


def drawn_episodes(made: Prepared, count: int, shots: int | None) -> Iterator[Episode]:
    """The first episodes of a run's test, with one query of each class.

    Args:
        made: the run's spec with all that it names.
        count: how many.
        shots: support examples of each class; those of the spec where None.

    Raises:
        DataError: the data has no such episodes.
    """
    from compose.evaluation.episodes.episode_test import EpisodeTest
    from compose.tasks.label_tasks import LabelTasks

    evaluation = made.evaluation
    tests = [test for test in evaluation.episodes if shots in (None, test.shape.shots)] or evaluation.episodes
    batch = made.episodes
    assert batch is not None, "the model reads episodes"
    test = tests[0] if tests else EpisodeTest(batch.shape, count, evaluation.seed, evaluation.split)
    shape = replace(test.shape, queries=1, query_classes=None, shots=shots or test.shape.shots)
    test = replace(test, shape=shape, episodes=count)
    episodes = test.draw(made.source)
    several = isinstance(episodes, LabelTasks)
    for number in range(count):
        title = f"{evaluation.split} episode {number + 1}"
        given = episodes[[number]]
        rows = episodes.draw([number]).rows[0, test.shape.support :]
        places = [f"{evaluation.split} {row}" for row in rows]
        names = places if several else [f"{title}, query {i + 1}" for i in range(len(rows))]
        yield _without_padding(given, title, names, made, several=several)


def _without_padding(
    given: Mapping[str, Tensor], title: str, names: list[str], made: Prepared, *, several: bool
) -> Episode:
    """The only episode of a batch, without the queries that fill it up."""
    import torch

    support, queries, columns = (given[name][0] for name in ("support_targets", "query_targets", "episode_labels"))
    asked = (queries != 0).any(-1)
    kept = torch.cat([torch.ones(len(support), dtype=torch.bool), asked])
    others = ("support_targets", "query_targets", "episode_labels", "targets")
    return Episode(
        name=title,
        classes=tuple(made.source.labels.names[column] for column in columns.tolist()),
        examples={name: value[kept] for name, value in given.items() if name not in others},
        support_targets=support,
        queries=tuple(name for name, is_asked in zip(names, asked.tolist(), strict=True) if is_asked),
        query_targets=queries[asked],
        columns=columns,
        several=several,
    )
