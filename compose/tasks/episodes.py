"""Episodes of N-way K-shot classification, drawn from the pictures of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.source import Examples
from compose.tasks.class_pool import ClassPool, one_of, shuffled
from compose.tasks.task_stream import Sampling as Sampling
from compose.tasks.task_stream import TaskStream, ways_of


@dataclass(frozen=True)
class EpisodeShape:
    """What an episode holds.

    Args:
        ways: N, its classes.
        shots: K, support pictures of each class.
        queries: query pictures of each class that is asked about.
        query_classes: classes that are asked about, drawn anew in each episode; all where None.
    """

    ways: int
    shots: int
    queries: int
    query_classes: int | None = None

    def grown(self, *, shots: int, queries: int) -> EpisodeShape:
        """With so many more pictures of each class."""
        return replace(self, shots=self.shots + shots, queries=self.queries + queries)

    @property
    def support(self) -> int:
        """Support pictures."""
        return self.ways * self.shots

    @property
    def asked(self) -> int:
        """Query pictures."""
        return (self.query_classes or self.ways) * self.queries

    @property
    def pictures(self) -> int:
        """Support and query pictures together."""
        return self.support + self.asked


class Drawn(NamedTuple):
    """Episodes as they are drawn.

    Attributes:
        rows: the examples' places in their split; in each episode first the support, class by class, then the queries.
        classes: the classes' places in the pool, by class position.
        support_targets: 1 for the class position of a support picture, -1 for the others.
        query_targets: the same for the query pictures.
    """

    rows: Int64[np.ndarray, "e pictures"]
    classes: Int64[np.ndarray, "e n"]
    support_targets: NDArray[np.int8]
    query_targets: NDArray[np.int8]


class Episodes(TaskStream[ClassPool]):
    """Episodes as examples: a map from lists of numbers to batches of episodes.

    Episode ``i`` of epoch ``t`` has the number ``t * len(self) + i`` and depends on it and the seed alone. Which of its
    positions a class gets is drawn anew in every episode, and the queries are in random order. A batch holds what the
    examples hold (``image`` ``b c h w``, ``targets`` ``b l``) with b = e · (s + q), and ``support_targets`` ``e s n``
    and ``query_targets`` ``e q n``, int8. ``episode_labels``, int64 ``e n``, are the columns of an episode's classes in
    the source's label table. Numbers of one batch are of one epoch.

    Args:
        pool: the classes and their pictures.
        shapes: what an episode holds; where there are several, the epochs take them in turn. All have as many classes.
        sampling: ``balanced`` takes every class once before any comes again (but for those left over when their number
            is no multiple of N); ``uniform`` draws each episode's classes from all.
        seed: another seed draws other episodes.
        count: episodes in an epoch; as many as hold every class once where None.
        examples: what the pictures are read from, by their places in the split; the pool's own where None.

    Raises:
        DataError: there are too few classes, or classes with too few pictures, which are named.
    """

    def __init__(
        self,
        pool: ClassPool,
        shapes: Sequence[EpisodeShape],
        *,
        sampling: Sampling,
        seed: int,
        count: int | None = None,
        examples: Examples | None = None,
    ) -> None:
        pool.check(ways_of(shapes), max(shape.shots + shape.queries for shape in shapes))
        super().__init__(pool, shapes, sampling=sampling, seed=seed, count=count, examples=examples)

    def __getitem__(self, numbers: Sequence[int]) -> dict[str, Tensor]:
        """A batch of episodes."""
        drawn = self.draw(numbers)
        return {
            **self.read(drawn.rows, numbers),
            "support_targets": torch.from_numpy(drawn.support_targets),
            "query_targets": torch.from_numpy(drawn.query_targets),
            "episode_labels": self.labels(drawn.classes),
        }

    def draw(self, numbers: Sequence[int]) -> Drawn:
        """Which pictures these episodes hold. No picture is read for it."""
        shape, dice = self.shape_of(numbers), self.dice(numbers)
        classes = self.classes(numbers, dice)
        chosen = self.pool.pictures(classes, shape.shots + shape.queries, dice)
        asked = shuffled(dice, shape.ways)[:, : shape.query_classes]  # e a
        positions = np.repeat(asked, shape.queries, axis=1)  # e q
        places = np.tile(np.arange(shape.shots, shape.shots + shape.queries), asked.shape[1])
        mixed = shuffled(dice, positions.shape[1])
        positions, places = np.take_along_axis(positions, mixed, 1), places[mixed]
        queries = chosen[np.arange(len(chosen))[:, None], positions, places]
        support = chosen[:, :, : shape.shots].reshape(len(chosen), -1)
        of_support = np.broadcast_to(np.repeat(np.arange(shape.ways), shape.shots), support.shape)
        return Drawn(
            np.concatenate([support, queries], axis=1),
            classes,
            one_of(of_support, shape.ways),
            one_of(positions, shape.ways),
        )
