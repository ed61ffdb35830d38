"""Tasks of any data that has some: episodes of classes, or tasks of several labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from compose.data.classes.single_label import SingleLabelExamples
from compose.data.multi_label import MultiLabelExamples
from compose.data.source import DataSource, Examples, Split
from compose.tasks.class_pool import ClassPool, no_pool
from compose.tasks.episodes import Episodes, EpisodeShape
from compose.tasks.label_pool import LabelPool
from compose.tasks.label_tasks import LabelTasks
from compose.tasks.task_stream import Sampling


def task_pool(source: DataSource, split: Split) -> ClassPool | LabelPool:
    """The classes or labels that tasks of a split may hold, and their examples.

    Raises:
        PoolError: the data's pictures show no classes, and its examples have no labels to draw tasks by.
        DataError: a picture shows no class, or several.
    """
    examples = source.task_examples(split)
    if isinstance(examples, SingleLabelExamples):
        return ClassPool(source, split)
    if isinstance(examples, MultiLabelExamples):
        return LabelPool(source, split)
    raise no_pool(source)


def draw_tasks(
    source: DataSource,
    split: Split,
    shapes: Sequence[EpisodeShape],
    *,
    sampling: Sampling,
    seed: int,
    count: int | None = None,
    examples: Examples | None = None,
) -> Episodes | LabelTasks:
    """The tasks of a split; the arguments are those of :class:`Episodes` and :class:`LabelTasks`.

    Raises:
        DataError: the data has no such tasks.
    """
    pool = task_pool(source, split)
    if isinstance(pool, ClassPool):
        return Episodes(pool, shapes, sampling=sampling, seed=seed, count=count, examples=examples)
    return LabelTasks(pool, shapes, sampling=sampling, seed=seed, count=count, examples=examples)


def check_tasks(source: DataSource, split: Split, ways: int, shots: int, queries: int) -> None:
    """Check that tasks can be drawn, without reading their examples.

    Args:
        source: the data.
        split: a split of it.
        ways: classes or labels in a task.
        shots: support examples of each.
        queries: query examples of each; a label may have fewer.

    Raises:
        DataError: the data has no such tasks.
    """
    pool = task_pool(source, split)
    if isinstance(pool, ClassPool):
        pool.check(ways, shots + queries)
    else:
        pool.check(ways, shots)


def pool_frequency(pool: ClassPool | LabelPool) -> Float64[np.ndarray, " k"]:
    """The share of the split's examples that show each class of the pool, or carry each label."""
    return pool.counts / len(pool.examples)
