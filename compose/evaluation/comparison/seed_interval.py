"""The 95% interval of a mean over seeds, by Student's t."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

LEVEL = 0.95


def half_interval(values: Sequence[float]) -> float | None:
    """Half the 95% interval of a mean: t₀.₉₇₅ standard errors; None of fewer than two values.

    Args:
        values: one for each seed.
    """
    if len(values) < 2:
        return None
    return quantile(len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))


def quantile(freedom: int) -> float:
    """The t that lies within ±t with a probability of 95%.

    Args:
        freedom: degrees of freedom, from 1.
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
