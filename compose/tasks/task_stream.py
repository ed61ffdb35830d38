"""Tasks by their numbers, which run on over the epochs: which labels each has, and which examples are read for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor

from compose.data.counter_random import Dice
from compose.data.source import Examples
from compose.tasks.class_pool import ClassPool, shuffled
from compose.tasks.label_pool import LabelPool

if TYPE_CHECKING:
    from compose.tasks.episodes import EpisodeShape

Sampling = Literal["balanced", "uniform"]
AnyPool = TypeVar("AnyPool", ClassPool, LabelPool)
_CLASSES, _PICTURES = 11, 12
"""Tell the random numbers apart that draw classes for a pass, and what is in an episode."""


def ways_of(shapes: Sequence[EpisodeShape]) -> int:
    """The number of classes that all shapes have."""
    if len({shape.ways for shape in shapes}) != 1:
        raise ValueError(f"expected episodes of one number of classes, got {[shape.ways for shape in shapes]}")
    return shapes[0].ways


class TaskStream(Examples, Generic[AnyPool]):
    """What a task's number says.

    Task ``i`` of epoch ``t`` has the number ``t * len(self) + i``.

    Args:
        pool: the classes (or labels) and their examples.
        shapes: what a task holds; where there are several, the epochs take them in turn.
        sampling: how classes are drawn.
        seed: another seed draws other tasks.
        count: tasks in an epoch; as many as hold every class once where None.
        examples: what the examples are read from, by their places in the split; the pool's own where None.
    """

    def __init__(
        self,
        pool: AnyPool,
        shapes: Sequence[EpisodeShape],
        *,
        sampling: Sampling,
        seed: int,
        count: int | None,
        examples: Examples | None,
    ) -> None:
        self.pool: AnyPool = pool
        self.shapes, self.sampling, self.seed = tuple(shapes), sampling, seed
        self._each = len(pool) // ways_of(shapes)
        self._count, self._examples = count or self._each, pool.examples if examples is None else examples

    def __len__(self) -> int:
        """Tasks in an epoch."""
        return self._count

    def shape_of(self, numbers: Sequence[int]) -> EpisodeShape:
        """What these tasks hold, which are of one epoch."""
        return self.shapes[numbers[0] // len(self) % len(self.shapes)]

    def dice(self, numbers: Sequence[int]) -> Dice:
        """The random numbers of what is in these tasks."""
        return Dice((self.seed, _PICTURES), numbers)

    def read(self, rows: Int64[np.ndarray, "e pictures"], numbers: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples, as they are in the epoch of these tasks."""
        epoch = numbers[0] // len(self)
        once, places = np.unique(rows, return_inverse=True)  # many tasks may hold an example, which is read once
        found = self._examples[(once + epoch * len(self.pool.examples)).tolist()]
        return {name: value[torch.from_numpy(places.reshape(-1))] for name, value in found.items()}

    def labels(self, classes: Int64[np.ndarray, "e n"]) -> Int64[Tensor, "e n"]:
        """The columns of these classes of the pool in the source's label table."""
        return torch.from_numpy(self.pool.columns[classes])

    def classes(self, numbers: Sequence[int], dice: Dice) -> Int64[np.ndarray, "e n"]:
        """The classes of each task as places in the pool, in the order of their positions."""
        ways = self.shapes[0].ways
        if self.sampling == "uniform":
            return shuffled(dice, len(self.pool))[:, :ways]
        passes, places = np.divmod(np.asarray(numbers), self._each)
        different, of_task = np.unique(passes, return_inverse=True)
        orders = shuffled(Dice((self.seed, _CLASSES), different.tolist()), len(self.pool))
        return np.take_along_axis(orders[of_task], places[:, None] * ways + np.arange(ways), axis=1)
