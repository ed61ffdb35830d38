"""Random numbers as a function of (seed, index): the same for an example whatever is drawn before or beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): neighbours come out unrelated."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class Dice:
    """Uniform numbers for a batch of examples, dealt in a fixed order.

    Every example has a stream of its own: SplitMix64, started from the seeds and the example's index.

    Args:
        seeds: integers that tell streams of the same index apart.
        indices: the examples ``b``; none may be negative.
    """

    def __init__(self, seeds: Sequence[int], indices: Sequence[int]) -> None:
        state = np.zeros(1, np.uint64)
        for part in seeds:
            state = _mix((state + np.array([part % 2**64], np.uint64)) * _GOLDEN + _GOLDEN)
        self._keys = _mix(state + np.asarray(indices, np.uint64) * _GOLDEN)[:, None]
        self._dealt = 0

    def skip(self, count: int) -> None:
        """Leave out the next numbers of each stream, so many."""
        self._dealt += count

    def uniform(self, *shape: int) -> NDArray[np.float64]:
        """The next numbers in [0, 1): ``b *shape``."""
        count = int(np.prod(shape))
        steps = np.arange(self._dealt + 1, self._dealt + count + 1, dtype=np.uint64)
        self._dealt += count
        bits = _mix(self._keys + steps * _GOLDEN) >> np.uint64(11)
        numbers: NDArray[np.float64] = bits * np.float64(2.0**-53)
        return numbers.reshape(len(numbers), *shape)

    def integers(self, below: int | NDArray[np.int64], *shape: int) -> NDArray[np.int64]:
        """The next integers in [0, below): ``b *shape``; ``below`` may be an array that broadcasts to it."""
        return (self.uniform(*shape) * below).astype(np.int64)


def by_lot(seeds: Sequence[int], indices: Sequence[int]) -> NDArray[np.int64]:
    """The order in which examples are drawn: positions in ``indices``. Whatever else is there, two keep their order."""
    order: NDArray[np.int64] = Dice(seeds, indices).uniform(1)[:, 0].argsort(kind="stable")
    return order
