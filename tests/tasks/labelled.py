"""A source whose examples are their own number and carry several labels, to see which ones are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compose.block import data
from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.source import DataSource, LabelTable, Split


@data(name="labelled")
@dataclass
class Labelled(DataSource):
    """Examples of one feature: their place over all epochs. What is read is remembered.

    Args:
        targets: 1, -1 or 0 for each example and label; the same in all splits.
        own: the labels of the split's tasks; all where None.
    """

    targets: NDArray[np.int8]
    own: Sequence[int] | None = None
    reads: list[int] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        count = self.targets.shape[1]
        return LabelTable(tuple(f"l{i}" for i in range(count)), (True,) * count, (None,) * count)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"features": (1,)}

    def split(self, name: Split) -> Carriers:
        own = range(self.targets.shape[1]) if self.own is None else self.own
        return Carriers(self.targets, np.array(own, np.int64), self.reads)


class Carriers(MultiLabelExamples):
    """A split of it."""

    def __init__(self, targets: NDArray[np.int8], own: NDArray[np.int64], reads: list[int]) -> None:
        self._targets, self._own, self._reads = targets, own, reads

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        self._reads.extend(indices)
        rows = np.asarray(indices) % len(self)
        return {
            "features": torch.tensor(indices, dtype=torch.float32)[:, None],
            "targets": torch.from_numpy(self._targets[rows]),
        }

    def columns(self) -> NDArray[np.int64]:
        return self._own

    def positives(self) -> Positives:
        rows, columns = (self._targets == 1).nonzero()
        return Positives(np.searchsorted(rows, np.arange(len(self) + 1)), columns)


def carrying(*carriers: Sequence[int], count: int) -> NDArray[np.int8]:
    """Targets of so many examples where each label is carried by these, and absent from the others."""
    targets = np.full((count, len(carriers)), -1, np.int8)
    for label, rows in enumerate(carriers):
        targets[list(rows), label] = 1
    return targets


def at_random(shares: Sequence[float], count: int) -> NDArray[np.int8]:
    """Targets of so many examples, where each label is carried by such a share; a tenth of the others is unknown."""
    dice = np.random.default_rng(0).random((2, count, len(shares)))
    return np.where(dice[0] < shares, 1, np.where(dice[1] < 0.1, 0, -1)).astype(np.int8)
