"""The mean over seeds and its 95% interval, by Student's t."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import lru_cache

HALVINGS = 80
"""Bisections of the quantile's angle: the last bit of a float."""


def half_interval(values: Sequence[float]) -> float | None:
    """Half the 95% interval of a mean: t₀.₉₇₅ standard errors; None of fewer than two values.

    Args:
        values: one for each seed.
    """
    if len(values) < 2:
        return None
    return quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


@lru_cache
def quantile(freedom: int, level: float = 0.95) -> float:
    """The t that lies within ±t with a probability.

    Args:
        freedom: degrees of freedom, from 1.
        level: the probability.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < level else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(angle: float, freedom: int) -> float:
    """The probability that \\|t\\| is at most √ν tan θ: Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    first = cosine if odd else 1.0
    total = term = first if freedom > 1 else 0.0
    for step in range(2 + odd, freedom - 1, 2):
        term *= cosine**2 * (step - 1) / step
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
