"""Examples that carry several labels each: for few-shot learning of labels."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from compose.data.source import Examples


class Positives(NamedTuple):
    """The labels that each example carries, example after example.

    Args:
        starts: ``n+1``: where an example's labels start in ``columns``.
        columns: their columns in the targets, ascending within an example.
    """

    starts: Int64[np.ndarray, " n+1"]
    columns: Int64[np.ndarray, " k"]

    @classmethod
    def of(cls, rows: Int64[np.ndarray, " k"], columns: Int64[np.ndarray, " k"], count: int, width: int) -> Positives:
        """From pairs of an example and a label that it carries, in any order; a pair may come twice.

        Args:
            rows: the examples' places.
            columns: the labels'.
            count: how many examples there are.
            width: how many labels.
        """
        pairs = np.unique(rows.astype(np.int64) * width + columns)
        return cls(np.searchsorted(pairs, np.arange(count + 1) * width), pairs % width)


class MultiLabelExamples(Examples):
    """A split of examples of several labels each, whose tasks are drawn by label."""

    @abstractmethod
    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets."""

    @abstractmethod
    def positives(self) -> Positives:
        """The labels of each example of an epoch, those of other splits among them. No example is read for it."""

    def carried(self) -> Int64[np.ndarray, " k"] | None:
        """The labels that some example carries, those of other splits among them."""
        return np.unique(self.positives().columns)
