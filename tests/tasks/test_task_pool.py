from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from compose.tasks.class_pool import ClassPool, PoolError
from compose.tasks.episodes import Episodes, EpisodeShape
from compose.tasks.label_pool import LabelPool
from compose.tasks.label_tasks import LabelTasks
from compose.tasks.task_pool import check_tasks, draw_tasks, pool_frequency, task_pool

from .labelled import Labelled, carrying
from .numbered import Numbered, mixed

PICTURES = Numbered({"train": mixed({0: 4, 1: 9, 2: 5, 3: 6})}, (True, False, True, True))
EXAMPLES = Labelled(carrying(range(4), range(2), range(8), [9, 8, 1], count=10), (0, 2, 3))
SHAPE = EpisodeShape(2, 1, 2)


class Scenes(Numbered):
    """Data that has no tasks."""

    def split(self, name: Any) -> Any:
        return range(3)


@pytest.mark.parametrize(
    ("source", "pool", "drawn"), [(PICTURES, ClassPool, Episodes), (EXAMPLES, LabelPool, LabelTasks)]
)
def test_tasks_of_what_the_data_has(source: Any, pool: type, drawn: type) -> None:
    found = draw_tasks(source, "train", [SHAPE], sampling="uniform", seed=7, count=9)
    options: Any = {"sampling": "uniform", "seed": 7, "count": 9}
    expected = drawn(pool(source, "train"), [SHAPE], **options)[[4, 2]]
    assert (type(found), type(found.pool), type(task_pool(source, "train"))) == (drawn, pool, pool)
    assert len(found) == 9
    batch = found[[4, 2]]
    assert batch.keys() == expected.keys()
    assert all(torch.equal(batch[name], value) for name, value in expected.items())


@pytest.mark.parametrize("source", [PICTURES, EXAMPLES])
def test_examples_may_be_read_from_elsewhere(source: Any) -> None:
    other = type(source)(*([source.shown, source.seen] if source is PICTURES else [source.targets]))
    draw_tasks(source, "train", [SHAPE], sampling="balanced", seed=0, examples=other.split("train"))[[0]]
    assert len(other.reads) == SHAPE.pictures


def test_the_columns_of_the_labels_of_a_task() -> None:
    """Without targets of the whole table, they say which label each position is of."""
    for source in (PICTURES, EXAMPLES):
        found = draw_tasks(source, "train", [SHAPE], sampling="uniform", seed=0, count=30)
        labels = found[range(30)]["episode_labels"]
        assert np.array_equal(labels, found.pool.columns[found.draw(range(30)).classes])
        assert (labels.dtype, labels.unique().tolist()) == (torch.int64, [0, 2, 3])


def test_label_frequency() -> None:
    for source, expected in ((PICTURES, [4 / 24, 5 / 24, 6 / 24]), (EXAMPLES, [0.4, 0.8, 0.3])):
        found = pool_frequency(task_pool(source, "train"))
        assert (found.tolist(), found.dtype) == (pytest.approx(expected), np.float64)


def test_enough() -> None:
    check_tasks(PICTURES, "train", 3, 1, 3)
    check_tasks(EXAMPLES, "train", 3, 2, 15)


@pytest.mark.parametrize(
    ("source", "asked", "about"),
    [
        (PICTURES, (4, 1, 1), "ways"),
        (PICTURES, (3, 1, 4), "shots"),
        (EXAMPLES, (4, 1, 1), "ways"),
        (EXAMPLES, (3, 3, 1), "shots"),
    ],
)
def test_too_few(source: Any, asked: tuple[int, int, int], about: str) -> None:
    with pytest.raises(PoolError) as error:
        check_tasks(source, "train", *asked)
    assert error.value.about == about


def test_data_that_has_no_tasks() -> None:
    with pytest.raises(PoolError) as error:
        draw_tasks(Scenes({}, (True,)), "train", [SHAPE], sampling="uniform", seed=0)
    assert str(error.value) == (
        "episodes need examples of which the classes or labels are known before they are read, such as `alphabets`, "
        "`images`, `glyph_scenes` or `glosses`; got `numbered`"
    )
    assert error.value.about is None
