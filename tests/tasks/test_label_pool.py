"""The labels of tasks and the examples that carry them, drawn in random order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from compose.data.counter_random import Dice
from compose.tasks.class_pool import PoolError
from compose.tasks.label_pool import LabelPool, random_prefixes

from .labelled import Labelled, at_random, carrying
from .numbered import Numbered

TARGETS = at_random((0.3, 0.05, 0.5, 0.1, 0.02, 0.9), 60)


def of(*counts: int) -> LabelPool:
    """A pool of labels that the first so many examples carry."""
    return LabelPool(Labelled(carrying(*map(range, counts), count=max(counts))), "train")


@pytest.mark.parametrize("own", [None, (4, 0, 2), (3,)])
def test_its_labels(own: tuple[int, ...] | None) -> None:
    found = LabelPool(Labelled(TARGETS, own), "val")
    columns = list(own or range(6))
    assert found.columns.tolist() == columns
    assert found.names == [f"l{column}" for column in columns]
    assert found.counts.tolist() == (TARGETS == 1).sum(0)[columns].tolist()
    assert (len(found), found.left_out, found.split) == (len(columns), 0, "val")


@pytest.mark.parametrize("own", [None, (4, 0, 2)])
def test_candidates_are_all_that_carry_a_label(own: tuple[int, ...] | None) -> None:
    found = LabelPool(Labelled(TARGETS, own), "train")
    classes = np.tile([[2, 0, 1]], (5, 1))
    drawn = found.candidates(classes, int(found.counts.max()), Dice((0,), range(5)))
    for task in range(5):
        for position, label in enumerate(classes[task]):
            rows = drawn[task, position].tolist()
            count = found.counts[label]
            carriers = np.flatnonzero(TARGETS[:, found.columns[label]] == 1).tolist()
            assert (sorted(rows[:count]), set(rows[count:]) - {-1}) == (carriers, set())
    assert len(np.unique(drawn[:, 0], axis=0)) == 5


def test_labels_with_too_few_examples_are_left_out() -> None:
    pool = of(2, 5, 1, 3, 6)
    found = pool.with_shots(2)
    assert (found.columns.tolist(), found.names, found.left_out) == ([1, 3, 4], ["l1", "l3", "l4"], 2)
    assert (found.counts.tolist(), len(found)) == ([5, 3, 6], 3)
    drawn = found.candidates(np.array([[1, 2]]), 6, Dice((0,), [0]))
    assert np.sort(drawn).tolist() == [[[-1, -1, -1, 0, 1, 2], [0, 1, 2, 3, 4, 5]]]
    again = found.with_shots(4)
    assert (again.names, again.left_out) == (["l1", "l4"], 3)
    assert (len(pool), pool.left_out) == (5, 0)


def test_enough_for_a_task() -> None:
    of(3, 5, 2, 3).check(3, 2)


@pytest.mark.parametrize(
    ("ways", "shots", "about", "message"),
    [
        (5, 1, "ways", "an episode needs 5 labels, and the split `train` has 4"),
        (
            3,
            3,
            "shots",
            "an episode needs 3 labels of at least 4 examples each, for its support and a query; "
            "2 of the 4 in the split `train` have them",
        ),
    ],
)
def test_too_few(ways: int, shots: int, about: str, message: str) -> None:
    with pytest.raises(PoolError) as error:
        of(3, 5, 2, 4).check(ways, shots)
    assert (str(error.value), error.value.about) == (message, about)


def test_a_split_without_labels() -> None:
    pool = LabelPool(Labelled(TARGETS, ()), "test")
    assert (len(pool), pool.counts.tolist()) == (0, [])
    with pytest.raises(
        PoolError, match=r"the split `test` has no labels of its own to draw tasks by: `split: \{test: 2\}`"
    ):
        pool.check(2, 1)


def test_pictures_of_classes() -> None:
    source: Any = Numbered({"train": [0, 0, 0]}, (True,))
    with pytest.raises(PoolError, match="or `glosses`; got `numbered`") as error:
        LabelPool(source, "train")
    assert error.value.about is None


def slow(numbers: list[float], count: int) -> list[int]:
    things, found = list(range(count)), []
    for step, number in enumerate(numbers):
        if step < count:
            other = step + int(number * (count - step))
            things[step], things[other] = things[other], things[step]
            found.append(things[step])
        else:
            found.append(-1)
    return found


def test_against_swapping_in_a_list() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 60, 300)
    numbers = rng.random((300, 25))
    found = random_prefixes(numbers, counts).tolist()
    assert found == [slow(*row) for row in zip(numbers.tolist(), counts.tolist(), strict=True)]
    assert all(len({*row} - {-1}) == min(25, count) for row, count in zip(found, counts, strict=True))


@pytest.mark.parametrize(("count", "length", "orders"), [(4, 4, 24), (5, 2, 20), (3, 5, 6)])
def test_all_orders_are_equally_likely(count: int, length: int, orders: int) -> None:
    numbers = np.random.default_rng(1).random((24_000, length))
    _, times = np.unique(random_prefixes(numbers, np.full(24_000, count)), axis=0, return_counts=True)
    assert len(times) == orders
    expected, freedom = 24_000 / orders, orders - 1
    assert abs(((times - expected) ** 2 / expected).sum() - freedom) < 4 * (2 * freedom) ** 0.5
