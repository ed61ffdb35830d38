from __future__ import annotations

import pytest

from compose.evaluation.comparison.seed_interval import half_interval, quantile

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 30: 2.042, 120: 1.980}
"""Abramowitz and Stegun, table 26.10."""


@pytest.mark.parametrize(("freedom", "expected"), TABLE.items())
def test_the_quantiles_are_those_of_the_tables(freedom: int, expected: float) -> None:
    assert quantile(freedom) == pytest.approx(expected, abs=5e-4)


def test_three_seeds() -> None:
    assert half_interval([1.0, 2.0, 3.0]) == pytest.approx(4.3027 / 3**0.5, abs=1e-4)


def test_one_seed_has_no_interval() -> None:
    assert half_interval([1.0]) is None
