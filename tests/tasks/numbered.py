"""A source whose pictures are their own number, to see which ones are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compose.block import data
from compose.data.classes.single_label import ClassExamples
from compose.data.source import DataSource, LabelTable, Split


@data(name="numbered")
@dataclass
class Numbered(DataSource):
    """Pictures of one value: their place over all epochs. What is read is remembered.

    Args:
        shown: for each split the class of each picture.
        seen: whether each class is seen.
        parents: the group of each class.
    """

    shown: Mapping[Split, Sequence[int]]
    seen: tuple[bool, ...]
    parents: tuple[str, ...] = ()
    reads: list[int] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple(f"c{i}" for i in range(len(self.seen))), self.seen, (None,) * len(self.seen))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"image": (1, 1, 1)}

    def split(self, name: Split) -> Numbers:
        return Numbers(np.array(self.shown[name], np.int64), len(self.seen), self.reads)


class Numbers(ClassExamples):
    """A split of it."""

    def __init__(self, classes: NDArray[np.int64], count: int, reads: list[int]) -> None:
        super().__init__(classes, count)
        self._reads = reads

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Tensor:
        self._reads.extend(indices)
        return torch.tensor(indices, dtype=torch.float32).view(-1, 1, 1, 1)


def mixed(counts: Mapping[int, int]) -> list[int]:
    """So many pictures of each class, in random order."""
    every = np.repeat(list(counts), list(counts.values()))
    return list(map(int, np.random.default_rng(0).permutation(every)))
