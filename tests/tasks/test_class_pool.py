from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from compose.data.counter_random import Dice
from compose.data.source import DataError
from compose.tasks.class_pool import ClassPool, one_of, shuffled

from .numbered import Numbered, mixed

SEEN = (True, False, True, True, False, True, False)


def pool(counts: Mapping[int, int], split: Any = "train", seen: tuple[bool, ...] = SEEN) -> ClassPool:
    return ClassPool(Numbered({split: mixed(counts)}, seen), split)


@pytest.mark.parametrize(
    ("split", "shown", "columns"),
    [
        ("train", (0, 1, 2, 3, 4, 5), [0, 2, 3, 5]),
        ("val", (1, 4), [1, 4]),
        ("test", (0, 1, 2, 6), [1, 6]),
        ("test", (5, 0), [0, 5]),
    ],
)
def test_its_classes(split: str, shown: tuple[int, ...], columns: list[int]) -> None:
    """The seen ones to train on; else the unseen ones, or all where none is unseen."""
    counts = {column: 2 + column for column in shown}
    found = pool(counts, split)
    assert found.columns.tolist() == columns
    assert found.names == [f"c{column}" for column in columns]
    assert found.counts.tolist() == [2 + column for column in columns]
    assert len(found) == len(columns)


def test_pictures_are_different_ones_of_their_class() -> None:
    found = pool({0: 9, 1: 20, 2: 4, 3: 7, 5: 4})
    shown = np.array(mixed({0: 9, 1: 20, 2: 4, 3: 7, 5: 4}))
    classes = shuffled(Dice((0,), range(50)), 4)[:, :3]
    drawn = found.pictures(classes, 4, Dice((1,), range(50)))
    assert drawn.shape == (50, 3, 4)
    for episode in range(50):
        for position in range(3):
            rows = drawn[episode, position].tolist()
            assert len(set(rows)) == 4
            assert set(shown[rows]) == {found.columns[classes[episode, position]]}


def test_every_picture_comes_equally_often() -> None:
    found = pool({0: 9, 1: 20, 2: 4, 3: 7, 5: 4})
    drawn = found.pictures(np.tile([[0, 2]], (4000, 1)), 3, Dice((1,), range(4000)))
    for position, size in ((0, 9), (1, 7)):
        _, times = np.unique(drawn[:, position], return_counts=True)
        assert len(times) == size
        assert abs(times / (4000 * 3 / size) - 1).max() < 0.1


def test_all_pictures_of_a_class_may_be_asked_for() -> None:
    found = pool({0: 3, 2: 5})
    shown = np.array(mixed({0: 3, 2: 5}))
    drawn = found.pictures(np.zeros((2, 1), np.int64), 3, Dice((0,), range(2)))
    assert np.sort(drawn[:, 0]).tolist() == [np.flatnonzero(shown == 0).tolist()] * 2


def test_shuffled() -> None:
    orders = shuffled(Dice((0,), range(6000)), 3)
    assert (np.sort(orders) == np.arange(3)).all()
    _, times = np.unique(orders, axis=0, return_counts=True)
    assert len(times) == 6
    assert abs(times / 1000 - 1).max() < 0.15


def test_one_of() -> None:
    found = one_of([[2, 0]], 3)
    assert (found.tolist(), found.dtype) == ([[[-1, -1, 1], [1, -1, -1]]], np.int8)


def test_enough_for_an_episode() -> None:
    pool({0: 6, 2: 6, 3: 7}).check(3, 6)


@pytest.mark.parametrize(
    ("counts", "ways", "pictures", "message"),
    [
        ({0: 9, 1: 9, 2: 9}, 3, 2, "an episode needs 3 classes, and the split `train` has 2"),
        (
            {0: 5, 1: 1, 2: 6, 3: 1},
            2,
            6,
            "an episode needs 6 pictures of each class for its support and queries; "
            "in the split `train` `c0` has 5, `c3` has 1",
        ),
    ],
)
def test_too_few(counts: dict[int, int], ways: int, pictures: int, message: str) -> None:
    with pytest.raises(DataError) as error:
        pool(counts).check(ways, pictures)
    assert str(error.value) == message


@pytest.mark.parametrize(("classes", "ending"), [(5, "`c4` has 2"), (1234, "`c4` has 2 and 1,229 more too few")])
def test_an_error_names_few_classes(classes: int, ending: str) -> None:
    with pytest.raises(DataError) as error:
        pool(dict.fromkeys(range(classes), 2), seen=(True,) * classes).check(5, 3)
    assert str(error.value).endswith(ending)
    assert "`c5`" not in str(error.value)


@pytest.mark.parametrize(
    ("split", "shown", "message"),
    [
        ("train", [1, 4, 4], "the split `train` has no pictures of seen classes"),
        ("train", [], "the split `train` has no pictures of seen classes"),
        ("test", [], "the split `test` has no pictures of classes"),
    ],
)
def test_no_pictures(split: Any, shown: list[int], message: str) -> None:
    with pytest.raises(DataError) as error:
        ClassPool(Numbered({split: shown}, SEEN), split)
    assert str(error.value) == message


def test_data_of_many_labels() -> None:
    class Scenes(Numbered):
        def split(self, name: Any) -> Any:
            return range(3)

    with pytest.raises(DataError, match="episodes need examples of which the classes or labels are known"):
        ClassPool(Scenes({}, SEEN), "train")
