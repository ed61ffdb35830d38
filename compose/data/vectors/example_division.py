"""Which examples the splits draw from: all of them, or each its own."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from compose.data.counter_random import by_lot
from compose.data.source import Split

ExampleProtocol: TypeAlias = Literal["label_split", "example_split"]
Fractions: TypeAlias = tuple[float, float, float]
ExampleRows = NDArray[np.int64]

SHARES: Fractions = (0.5, 0.2, 0.3)
"""Of train, val and test, where the data does not say what is for the test: tasks ask for many examples of a label."""
SHARES_OF_TRAINING: Fractions = (0.75, 0.25, 0.0)
"""Where it does: of the other examples."""
_STREAM = 12


def first_of_each(keys: list[bytes]) -> ExampleRows:
    """The examples without those that an earlier one equals."""
    first: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    return np.array(list(first.values()), np.int64)


def divide_examples(
    rows: ExampleRows, tested: NDArray[np.bool_], *, protocol: ExampleProtocol, fractions: Fractions | None, seed: int
) -> dict[Split, ExampleRows]:
    """The examples of each split, in order.

    Args:
        rows: all examples that may be drawn.
        tested: for each example of the data whether it says that this one is for the test.
        protocol: ``label_split``: all splits have all examples. ``example_split``: each has its own.
        fractions: the shares of train, val and test, drawn by lot; where not given, the test's are those of ``tested``,
            and the others are divided by lot.
        seed: of the lot.
    """
    if protocol == "label_split":
        return {"train": rows, "val": rows, "test": rows}
    apart = tested[rows] & (fractions is None)
    free = rows[~apart]
    drawn = free[by_lot((seed, _STREAM), free.tolist())]
    shares = fractions or (SHARES_OF_TRAINING if apart.any() else SHARES)
    ends = np.rint(np.cumsum(shares[:2]) * len(free)).astype(int).tolist()
    train, val, test = np.split(drawn, ends)
    return {"train": np.sort(train), "val": np.sort(val), "test": np.sort(np.concatenate([test, rows[apart]]))}
