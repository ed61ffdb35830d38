from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest

from compose.data.vectors.example_division import divide_examples, first_of_each

ROWS = np.arange(0, 200, 2)  # half of the data's examples: the others are there twice
TESTED = np.arange(200) >= 150


def divide(tested: Any = TESTED, **options: Any) -> dict[Any, list[int]]:
    found = divide_examples(ROWS, tested, **{"protocol": "example_split", "fractions": None, "seed": 0, **options})
    assert all(rows.tolist() == sorted(rows) for rows in found.values())
    return {split: rows.tolist() for split, rows in found.items()}


def test_label_split_gives_all_to_all() -> None:
    assert divide(protocol="label_split") == dict.fromkeys(("train", "val", "test"), ROWS.tolist())


@pytest.mark.parametrize(
    ("options", "sizes"),
    [
        ({}, (56, 19, 25)),
        ({"tested": np.zeros(200, bool)}, (50, 20, 30)),
        ({"fractions": (0.6, 0.1, 0.3)}, (60, 10, 30)),
        ({"fractions": (0.9, 0.1, 0.0)}, (90, 10, 0)),
    ],
)
def test_each_example_is_in_one_split(options: Any, sizes: tuple[int, int, int]) -> None:
    found = divide(**options)
    assert tuple(len(rows) for rows in found.values()) == sizes
    assert sorted(chain.from_iterable(found.values())) == ROWS.tolist()


def test_the_test_file_is_the_test() -> None:
    assert divide()["test"] == ROWS[ROWS >= 150].tolist()
    assert divide(fractions=(0.5, 0.2, 0.3))["test"] != ROWS[ROWS >= 150].tolist()


def test_the_seed_draws() -> None:
    assert divide() == divide()
    assert divide()["val"] != divide(seed=1)["val"]


def test_the_first_of_equal_ones() -> None:
    assert first_of_each([b"a", b"b", b"a", b"c", b"b"]).tolist() == [0, 1, 3]
