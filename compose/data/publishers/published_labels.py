"""Which labels each of millions of pictures has, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int8
from numpy.typing import NDArray
from torch import Tensor

from compose.data.pictures.annotations import PRESENT
from compose.data.publishers.column_cache import Columns


@dataclass(frozen=True)
class PublishedLabels:
    """The labels of all pictures, in the order of the publisher's list of pictures.

    Args:
        images: where each picture lies, as bytes of UTF-8.
        starts: where each picture's labels start in ``numbers``, and where the last one's end: ``n+1``.
        numbers: the labels, as numbers in the publisher's list of labels.
        values: 1 = present, -1 = absent, for each of them.
        rest: the value of the labels that a picture does not list.
    """

    images: NDArray[np.bytes_]
    starts: NDArray[np.int64]
    numbers: NDArray[np.int32]
    values: NDArray[np.int8]
    rest: int

    @classmethod
    def of(cls, columns: Columns, *, rest: int) -> PublishedLabels:
        """From columns as they are kept."""
        return cls(
            np.asarray(columns["images"], np.bytes_),
            np.asarray(columns["starts"], np.int64),
            np.asarray(columns["numbers"], np.int32),
            np.asarray(columns["values"], np.int8),
            rest,
        )

    def __len__(self) -> int:
        return len(self.images)

    def targets(self, rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> Int8[Tensor, "b l"]:
        """Targets of some rows: 1 present, -1 absent, 0 unknown.

        Args:
            rows: the rows ``b``.
            columns: the column of each label number, or -1 for a label that is not in the table.
            count: labels in the table.
        """
        place, entry = self._entries(rows)
        column = columns[self.numbers[entry]]
        known = column >= 0
        targets = np.full((len(rows), count), self.rest, np.int8)
        targets[place[known], column[known]] = self.values[entry[known]]
        return torch.from_numpy(targets)

    def carried(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The labels that are present in some rows: of each the row's place in ``rows``, and its column.

        Args:
            rows: the rows.
            columns: the column of each label number, or -1 for a label that is not in the table.
        """
        place, entry = self._entries(rows)
        column = columns[self.numbers[entry]]
        hits = (self.values[entry] == PRESENT) & (column >= 0)
        return place[hits], column[hits]

    def with_any(self, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows in which some label of the table is present."""
        place, _ = self.carried(rows, columns)
        return rows[np.unique(place)]

    def _entries(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The entries of some rows: of each the row's place in ``rows``, and its own place in ``numbers``."""
        first, count = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        place = np.repeat(np.arange(len(rows)), count)
        before = np.concatenate([[0], count.cumsum()[:-1]]) if len(rows) else count
        return place, np.arange(len(place)) + np.repeat(first - before, count)
