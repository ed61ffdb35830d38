"""Examples that are feature vectors and carry several labels each: for few-shot learning of labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.source import Examples
from compose.data.vectors.sparse_rows import SparseRows

PRESENT, ABSENT, UNKNOWN = 1, -1, 0


class Positives(NamedTuple):
    """The labels that each example carries, example after example.

    Args:
        starts: ``n+1``: where an example's labels start in ``columns``.
        columns: their columns in the targets, ascending within an example.
    """

    starts: Int64[np.ndarray, " n+1"]
    columns: Int64[np.ndarray, " k"]


@dataclass(frozen=True, eq=False)
class LabelledVectors:
    """All examples of the data.

    Args:
        features: ``n d``.
        labels: 1 where an example carries a label of the data, 0 where that is not known, no entry elsewhere.
        tested: ``n``: whether the data says that the example is for the test.
        missing: how many features are missing, and are 0 instead.
    """

    features: SparseRows
    labels: SparseRows
    tested: NDArray[np.bool_]
    missing: int = 0


class MultiLabelExamples(Examples):
    """A split of examples of several labels each, whose tasks are drawn by label."""

    @abstractmethod
    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets. Each example carries at least one of them."""

    @abstractmethod
    def positives(self) -> Positives:
        """The labels of each example of an epoch, those of other splits among them. No features are read for it."""

    def carried(self) -> Int64[np.ndarray, " k"]:
        """The labels that some example carries, those of other splits among them."""
        return np.unique(self.positives().columns)


class VectorExamples(MultiLabelExamples):
    """A split of feature vectors, kept in memory as what is not 0: a map from lists of indices to batches.

    Args:
        features: the features of each example ``n d``.
        labels: 1 where an example carries a label, 0 where that is not known, no entry where it doesn't: ``n l``.
        rows: for each example its place among all examples of the data, which tells it from those of other splits.
        columns: the labels of the split's tasks.
    """

    repeats = True

    def __init__(
        self, features: SparseRows, labels: SparseRows, *, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> None:
        self._features, self._labels, self.rows, self._columns = features, labels, rows, columns

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples."""
        rows = np.asarray(indices, np.int64) % len(self)
        return {
            "features": torch.from_numpy(self._features.take(rows).dense()),
            "targets": torch.from_numpy(self._labels.take(rows).dense(rest=ABSENT, dtype=np.int8)),
        }

    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets."""
        return self._columns

    def positives(self) -> Positives:
        """The labels of each example, those of other splits among them."""
        carried = self._labels.where(self._labels.values == PRESENT)
        return Positives(carried.starts, carried.columns.astype(np.int64))
