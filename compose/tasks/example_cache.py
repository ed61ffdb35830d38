"""Examples that are read once and kept in memory, or what is computed of them, for those asked for many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.source import Examples
from compose.processes.shares import ALONE, SharedRows, Shares

LIMIT = 2**30
"""Bytes of examples that are kept; more are read anew for each batch."""
CHUNK = 256
"""Examples that are read at a time."""


class ExampleCache(Examples):
    """Some examples of a split, read at most once for all batches if they fit into memory, else once for each batch.

    Args:
        examples: the split.
        rows: the places of the examples that will be asked for.
        limit: bytes that may be kept.
        compute: what is made of a batch of examples, and kept in their stead.
        shares: the processes that read them, each its share, and keep all.
    """

    repeats = True

    def __init__(
        self,
        examples: Examples,
        rows: NDArray[np.int64],
        *,
        limit: int = LIMIT,
        compute: Callable[[dict[str, Tensor]], dict[str, Tensor]] = dict,
        shares: Shares = ALONE,
    ) -> None:
        self._examples, self._rows, self._compute = examples, np.unique(rows), compute
        first = self._read(self._rows[:1])
        size = sum(value.numel() * value.element_size() for value in first.values())
        small = size * len(self._rows) <= limit
        self._stored = _joined([first, self._shared(self._rows[1:], shares)]) if small else None

    def __len__(self) -> int:
        """Examples in the split."""
        return len(self._examples)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples, the same ones in every epoch."""
        asked = np.asarray(indices) % len(self)
        wanted, place = np.unique(asked, return_inverse=True)
        if self._stored is None:
            batch, rows = self._read(wanted), torch.from_numpy(place)
        else:
            batch, rows = self._stored, torch.from_numpy(self._place(asked))
        return {name: value[rows] for name, value in batch.items()}

    def _place(self, indices: Int64[np.ndarray, " b"]) -> Int64[np.ndarray, " b"]:
        return np.searchsorted(self._rows, indices)

    def _shared(self, rows: NDArray[np.int64], shares: Shares) -> dict[str, Tensor]:
        """These examples, read by all processes."""
        parts = SharedRows(len(rows), CHUNK, shares)
        read = [(self._read(rows[part.start : part.stop]), count) for part, count in parts]
        joined = shares.each(_joined([{name: v[:count] for name, v in batch.items()} for batch, count in read]))
        order = torch.cat([parts.places(rank) for rank in range(shares.world)]).argsort()
        return {name: torch.cat([part[name] for part in joined])[order] for name in joined[0]}

    def _read(self, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        starts = range(0, len(rows), CHUNK)
        return _joined([self._compute(self._examples[rows[i : i + CHUNK].tolist()]) for i in starts])


def _joined(batches: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    filled = [batch for batch in batches if batch]
    return {name: torch.cat([batch[name] for batch in filled]) for name in filled[0]} if filled else {}
