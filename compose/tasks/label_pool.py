"""The examples of a split by the labels that they carry, for tasks of several labels."""

from __future__ import annotations

from copy import copy

import numpy as np
from jaxtyping import Float64, Int64

from compose.data.counter_random import Dice
from compose.data.multi_label import MultiLabelExamples
from compose.data.source import DataSource, Split
from compose.tasks.class_pool import PoolError, no_pool, none_of_its_own


class LabelPool:
    """The labels that tasks of a split may hold, and the examples that carry each.

    Attributes:
        examples: the split.
        columns: the labels, as columns of the source's label table.
        names: their names.
        counts: how many examples carry each.
        left_out: how many labels of the split have too few examples (see :meth:`with_shots`).

    Args:
        source: a data source whose examples carry several labels.
        split: a split of it.

    Raises:
        PoolError: the data has no such examples.
    """

    def __init__(self, source: DataSource, split: Split) -> None:
        examples = source.task_examples(split)
        if not isinstance(examples, MultiLabelExamples):
            raise no_pool(source)
        self.examples, self.split, self.left_out = examples, split, 0
        self.columns = examples.columns()
        self.names = [source.labels.names[column] for column in self.columns]
        carried = examples.positives()
        places = np.full(len(source.labels.names), len(self.columns))
        places[self.columns] = np.arange(len(self.columns))
        of_entry = places[carried.columns]
        self.counts = np.bincount(of_entry, minlength=len(self.columns))[: len(self.columns)]
        self._starts = self.counts.cumsum() - self.counts
        rows = np.repeat(np.arange(len(examples)), np.diff(carried.starts))
        self._rows = rows[of_entry.argsort(kind="stable")]  # label by label; last those of other splits' labels

    def __len__(self) -> int:
        """How many labels there are."""
        return len(self.columns)

    def with_shots(self, shots: int) -> LabelPool:
        """The pool without the labels that a support of so many shots would leave no example to ask about.

        Args:
            shots: support examples of each label.
        """
        kept = self.counts > shots
        found = copy(self)
        found.columns, found.counts, found._starts = self.columns[kept], self.counts[kept], self._starts[kept]
        found.names = [name for name, enough in zip(self.names, kept, strict=True) if enough]
        found.left_out = self.left_out + len(self) - len(found)
        return found

    def check(self, ways: int, shots: int) -> None:
        """Check that tasks can be drawn.

        Args:
            ways: labels in a task.
            shots: support examples of each of them.

        Raises:
            PoolError: there are fewer labels, or fewer that have an example more than that.
        """
        if not len(self):
            raise none_of_its_own(self.split, "labels", ways)
        if len(self) < ways:
            raise PoolError(
                f"an episode needs {ways} labels, and the split `{self.split}` has {len(self)}", about="ways"
            )
        enough = int((self.counts > shots).sum())
        if enough < ways:
            needs = f"an episode needs {ways} labels of at least {shots + 1} examples each, for its support and a query"
            raise PoolError(
                f"{needs}; {enough} of the {len(self)} in the split `{self.split}` have them", about="shots"
            )

    def candidates(self, classes: Int64[np.ndarray, "e n"], count: int, dice: Dice) -> Int64[np.ndarray, "e n count"]:
        """The first of each label's examples in random order, -1 where there are no more.

        Args:
            classes: places among the pool's labels.
            count: examples of each; at most as many as the label with the most has.
            dice: a stream for each task.
        """
        numbers = dice.uniform(classes.shape[1], count).reshape(-1, count)
        places = random_prefixes(numbers, self.counts[classes].reshape(-1)).reshape(*classes.shape, count)
        return np.where(places < 0, -1, self._rows[self._starts[classes][..., None] + places])


def random_prefixes(
    numbers: Float64[np.ndarray, "b length"], counts: Int64[np.ndarray, " b"]
) -> Int64[np.ndarray, "b length"]:
    """The first of each row's things in random order; all orders are equally likely.

    Fisher and Yates: step j swaps what is at place j with what is at a random place from there on.

    Args:
        numbers: uniform in [0, 1), one for each step.
        counts: how many things there are.

    Returns:
        Numbers below ``counts``, all different; -1 where there are no more.
    """
    steps = np.arange(numbers.shape[1])
    others = steps + (numbers * np.maximum(counts[:, None] - steps, 0)).astype(np.int64)
    width = max(int(counts.max()), len(steps))
    begins = np.arange(len(counts)) * width
    shift = np.zeros(len(counts) * width, np.int32)  # what is at a place, less the place
    found = np.empty_like(others.T)
    for step, other in enumerate(np.ascontiguousarray(others.T)):
        places = begins + other
        found[step] = other + shift[places]
        shift[places] = step + shift[begins + step] - other
    return np.where(steps < counts[:, None], found.T, -1)
