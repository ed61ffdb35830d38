"""The beginnings of random orders, for the price of their length."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64


def random_prefixes(
    numbers: Float64[np.ndarray, "b length"], counts: Int64[np.ndarray, " b"]
) -> Int64[np.ndarray, "b length"]:
    """The first of each row's things in random order; all orders are equally likely.

    Fisher and Yates: step j swaps what is at place j with what is at a random place from there on.

    Args:
        numbers: uniform in [0, 1), one for each step.
        counts: how many things there are.

    Returns:
        Numbers below ``counts``, all different; -1 where there are no more.
    """
    steps = np.arange(numbers.shape[1])
    others = steps + (numbers * np.maximum(counts[:, None] - steps, 0)).astype(np.int64)
    width = max(int(counts.max()), len(steps))
    begins = np.arange(len(counts)) * width
    shift = np.zeros(len(counts) * width, np.int32)  # what is at a place, less the place
    found = np.empty_like(others.T)
    for step, other in enumerate(np.ascontiguousarray(others.T)):
        places = begins + other
        found[step] = other + shift[places]
        shift[places] = step + shift[begins + step] - other
    return np.where(steps < counts[:, None], found.T, -1)
