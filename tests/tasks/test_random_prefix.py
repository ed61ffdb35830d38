from __future__ import annotations

import numpy as np
import pytest

from compose.tasks.label_pool import random_prefixes


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
