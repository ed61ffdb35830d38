"""Tasks of N labels and K examples of each, drawn from examples that carry several labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Int64
from torch import Tensor

from compose.data.source import Examples
from compose.tasks.class_pool import shuffled
from compose.tasks.episodes import EpisodeShape
from compose.tasks.label_pool import LabelPool
from compose.tasks.task_stream import Sampling, TaskStream, ways_of

TABLES = 2**23
"""Entries of the tables that tasks are drawn with at a time."""


class DrawnLabels(NamedTuple):
    """Tasks as they are drawn.

    Attributes:
        rows: the examples' places in their split; in each task first the support, label by label, then the queries.
        classes: the labels' places in the pool, by label position.
        positions: the label position that an example was drawn for; -1 for padding.
    """

    rows: Int64[np.ndarray, "e examples"]
    classes: Int64[np.ndarray, "e n"]
    positions: Int64[np.ndarray, "e examples"]


class LabelTasks(TaskStream[LabelPool]):
    """Tasks as examples: a map from lists of numbers to batches of tasks.

    For each label in turn the support is drawn from the examples that carry it and are not in the task yet, and then
    for each the queries in the same way, all such examples alike. So no example is in a task twice, although it may
    carry several of the task's labels. Where a label has no more examples, its places are padding: they repeat an
    example of the task, with all targets unknown.

    Task ``i`` of epoch ``t`` has the number ``t * len(self) + i`` and depends on it and the seed alone. Which of its
    positions a label gets is drawn anew in every task, and the queries are in random order. A batch holds what the
    examples hold (``features`` ``b d``, ``targets`` ``b l``) with b = e · (s + q), and ``support_targets`` ``e s n``
    and ``query_targets`` ``e q n``, int8: of those targets the ones of the task's labels, 1 / -1 or 0 where unknown.
    ``episode_labels``, int64 ``e n``, are the columns of those labels in the source's label table. Numbers of one batch
    are of one epoch.

    Args:
        pool: the labels and their examples. Labels with too few for the largest number of shots are left out; as
            attribute it is without them.
        shapes: what a task holds, with labels for classes; where there are several, the epochs take them in turn. All
            have as many labels.
        sampling: ``balanced`` takes every label once before any comes again (but for those left over when their number
            is no multiple of N); ``uniform`` draws each task's labels from all.
        seed: another seed draws other tasks.
        count: tasks in an epoch; as many as hold every label once where None.
        examples: what the examples are read from, by their places in the split, with their targets; the pool's own
            where None.

    Raises:
        PoolError: there are too few labels, or too few with enough examples.
    """

    def __init__(
        self,
        pool: LabelPool,
        shapes: Sequence[EpisodeShape],
        *,
        sampling: Sampling,
        seed: int,
        count: int | None = None,
        examples: Examples | None = None,
    ) -> None:
        shots = max(shape.shots for shape in shapes)
        pool.check(ways_of(shapes), shots)
        enough = pool.with_shots(shots)
        super().__init__(enough, shapes, sampling=sampling, seed=seed, count=count, examples=examples)

    def __getitem__(self, numbers: Sequence[int]) -> dict[str, Tensor]:
        """A batch of tasks."""
        drawn, shape = self.draw(numbers), self.shape_of(numbers)
        batch, labels = self.read(drawn.rows, numbers), self.labels(drawn.classes)
        padding = torch.from_numpy(drawn.positions < 0)
        carried = rearrange(batch["targets"], "(e x) l -> e x l", e=len(labels)).masked_fill(padding[..., None], 0)
        targets = carried.gather(2, labels[:, None].expand(-1, carried.shape[1], -1))  # e s+q n
        support, queries = torch.split_with_sizes(targets, [shape.support, shape.asked], dim=1)
        return {
            **batch,
            "targets": rearrange(carried, "e x l -> (e x) l"),
            "support_targets": support.contiguous(),
            "query_targets": queries.contiguous(),
            "episode_labels": labels,
        }

    def draw(self, numbers: Sequence[int]) -> DrawnLabels:
        """Which examples these tasks hold. No example is read for it."""
        each = self.shape_of(numbers).ways * int(self.pool.counts.max()) + len(self.pool.examples)
        size = max(1, TABLES // each)
        parts = [self._draw(numbers[start : start + size]) for start in range(0, len(numbers), size)]
        return DrawnLabels(*(np.concatenate(values) for values in zip(*parts, strict=True)))

    def _draw(self, numbers: Sequence[int]) -> DrawnLabels:
        shape, dice = self.shape_of(numbers), self.dice(numbers)
        classes = self.classes(numbers, dice)
        # as many as a task holds: even if all others of it are taken, a label's own are among them
        most = min(shape.pictures, int(self.pool.counts.max()))
        left = _Left(self.pool.candidates(classes, most, dice), len(self.pool.examples))
        taught = np.tile(np.arange(shape.ways), (len(classes), 1))
        asked = np.sort(shuffled(dice, shape.ways)[:, : shape.query_classes], axis=1)  # e a
        support = np.concatenate([left.take(positions, shape.shots) for positions in taught.T], axis=1)
        queries = np.concatenate([left.take(positions, shape.queries) for positions in asked.T], axis=1)
        mixed = shuffled(dice, shape.asked)
        rows = np.concatenate([support, np.take_along_axis(queries, mixed, 1)], axis=1)
        of_queries = np.take_along_axis(asked.repeat(shape.queries, axis=1), mixed, 1)
        positions = np.concatenate([taught.repeat(shape.shots, axis=1), of_queries], axis=1)
        # the first label has more examples than shots, so that the first place is never padding
        return DrawnLabels(np.where(rows < 0, rows[:, :1], rows), classes, np.where(rows < 0, -1, positions))


class _Left:
    """The examples that are not in their task yet.

    Args:
        candidates: the examples of each label position in the order in which they are taken, -1 where there are none.
        examples: how many there are in the split.
    """

    def __init__(self, candidates: Int64[np.ndarray, "e n c"], examples: int) -> None:
        self._candidates = candidates
        self._free = np.ones((len(candidates), examples + 1), bool)
        self._free[:, -1] = False  # what the place -1 stands for

    def take(self, positions: Int64[np.ndarray, " e"], count: int) -> Int64[np.ndarray, "e count"]:
        """The next ``count`` examples of a label position of each task, -1 where there are no more."""
        every = np.arange(len(positions))
        candidates = self._candidates[every, positions]  # e c
        free = self._free[every[:, None], candidates]
        numbered = free.cumsum(axis=1)
        tasks, places = (free & (numbered <= count)).nonzero()
        taken = np.full((len(every), count), -1)
        taken[tasks, numbered[tasks, places] - 1] = candidates[tasks, places]
        self._free[tasks, candidates[tasks, places]] = False
        return taken
