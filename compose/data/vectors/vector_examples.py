"""Examples that are feature vectors and carry several labels each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.vectors.sparse_rows import SparseRows

PRESENT, ABSENT, UNKNOWN = 1, -1, 0


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
