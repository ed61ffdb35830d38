"""Rows that are mostly empty: only what is there is kept, row after row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray

from compose.graphs.taxonomy.ancestors import entries


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A matrix in compressed rows.

    Args:
        starts: ``n+1``: where a row's entries start.
        columns: the column of each entry, ascending within a row.
        values: the value of each entry.
        width: how many columns there are.
    """

    starts: Int64[np.ndarray, " n+1"]
    columns: NDArray[np.int32]
    values: NDArray[Any]
    width: int

    @classmethod
    def of(
        cls, rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any], *, shape: tuple[int, int]
    ) -> SparseRows:
        """The matrix of these entries, each given once, in any order.

        Args:
            rows: the row of each entry.
            columns: its column.
            values: its value.
            shape: rows and columns.
        """
        order = np.lexsort((columns, rows))
        starts = np.concatenate([[0], np.bincount(rows, minlength=shape[0]).cumsum()])
        return cls(starts, columns[order].astype(np.int32), values[order], shape[1])

    @classmethod
    def stack(cls, parts: Sequence[SparseRows]) -> SparseRows:
        """The rows of matrices of the same width, one after another."""
        starts = np.concatenate([[0], np.concatenate([part.counts for part in parts]).cumsum()])
        columns, values = (np.concatenate(each) for each in zip(*((p.columns, p.values) for p in parts), strict=True))
        return cls(starts, columns, values, parts[0].width)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> Int64[np.ndarray, " n"]:
        """The entries of each row."""
        return np.diff(self.starts)

    @property
    def row_of(self) -> Int64[np.ndarray, " entries"]:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), self.counts)

    def take(self, rows: Int64[np.ndarray, " b"]) -> SparseRows:
        """Some rows, in any order and as often as they are named."""
        _, places = entries(self.starts, rows)
        starts = np.concatenate([[0], self.counts[rows].cumsum()])
        return SparseRows(starts, self.columns[places], self.values[places], self.width)

    def renumbered(self, places: Int64[np.ndarray, " width"], width: int) -> SparseRows:
        """Other columns.

        Args:
            places: for each column its new one, or -1 where it is left out.
            width: how many columns there are then.
        """
        columns = places[self.columns]
        kept = columns >= 0
        return SparseRows.of(self.row_of[kept], columns[kept], self.values[kept], shape=(len(self), width))

    def where(self, kept: Bool[np.ndarray, " entries"]) -> SparseRows:
        """Only some of the entries."""
        starts = np.concatenate([[0], kept.cumsum()])[self.starts]
        return SparseRows(starts, self.columns[kept], self.values[kept], self.width)

    def dense(self, *, rest: float = 0, dtype: Any = np.float32) -> NDArray[Any]:
        """``n width``, with ``rest`` where there is no entry."""
        filled = np.full((len(self), self.width), rest, dtype)
        filled[self.row_of, self.columns] = self.values
        return filled

    def keys(self) -> list[bytes]:
        """What tells rows apart: rows alike have the same."""
        spans = zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True)
        return [self.columns[start:end].tobytes() + self.values[start:end].tobytes() for start, end in spans]
