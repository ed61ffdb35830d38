"""The examples of a split by their classes, for episodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int64
from numpy.typing import NDArray

from compose.data.classes.single_label import SingleLabelExamples
from compose.data.counter_random import Dice
from compose.data.source import DataError, DataSource, Split

LISTED = 5
"""How many classes an error names."""


class PoolError(DataError):
    """A split has no such episodes.

    Args:
        message: what is missing.
        about: the option that asks for too much, ``ways`` or ``shots``; None where there are no classes.
    """

    def __init__(self, message: str, *, about: str | None = None) -> None:
        super().__init__(message)
        self.about = about


def no_pool(source: DataSource) -> PoolError:
    """There is nothing to draw tasks of this data by."""
    known = "of which the classes or labels are known before they are read"
    such = "such as `alphabets`, `images`, `glyph_scenes` or `glosses`"
    return PoolError(f"episodes need examples {known}, {such}; got `{source.name}`")


def none_of_its_own(split: Split, what: str, count: int | str) -> PoolError:
    """Nothing says which labels, or classes, the tasks of a split are of."""
    keep = "`split: {" + f"{split}: {count}" + "}` in `data` keeps some from training for it"
    if what == "classes":
        keep += "; a column `split` in a label file says else which pictures it has"
    return PoolError(f"the split `{split}` has no {what} of its own to draw tasks by: {keep}")


class ClassPool:
    """The classes that episodes of a split may hold, and the examples of each.

    Those are the seen classes of the training split; of another split the unseen ones, or all where none is unseen.

    Args:
        source: a data source whose pictures show one class each.
        split: a split of it.

    Raises:
        PoolError: the data has no classes, or the split no pictures of such classes.
        DataError: a picture shows no class, or several.
    """

    def __init__(self, source: DataSource, split: Split) -> None:
        examples = source.task_examples(split)
        if not isinstance(examples, SingleLabelExamples):
            raise no_pool(source)
        self.examples, self.split = examples, split
        shown = np.asarray(examples.classes())
        own = examples.columns()
        if own is not None and not len(own):
            raise none_of_its_own(split, "classes", "N")
        wanted = _wanted(source, shown, split) if own is None else np.isin(shown, own)
        rows = np.flatnonzero(wanted)
        if not len(rows):
            raise PoolError(f"the split `{split}` has no pictures of {'seen ' if split == 'train' else ''}classes")
        self.columns, place, self.counts = np.unique(shown[rows], return_inverse=True, return_counts=True)
        self.names = [source.labels.names[column] for column in self.columns]
        self._rows = np.full((len(self.columns), self.counts.max()), -1)
        order = place.argsort(kind="stable")
        starts = np.repeat(self.counts.cumsum() - self.counts, self.counts)
        self._rows[place[order], np.arange(len(order)) - starts] = rows[order]

    def __len__(self) -> int:
        """How many classes there are."""
        return len(self.columns)

    def check(self, ways: int, pictures: int) -> None:
        """Check that episodes can be drawn.

        Args:
            ways: classes in an episode.
            pictures: pictures of each of them, support and queries.

        Raises:
            PoolError: there are fewer classes, or a class has fewer pictures.
        """
        if len(self) < ways:
            message = f"an episode needs {ways} classes, and the split `{self.split}` has {len(self)}"
            raise PoolError(message, about="ways")
        few = [f"`{name}` has {n}" for name, n in zip(self.names, self.counts, strict=True) if n < pictures]
        if few:
            more = f" and {len(few) - LISTED:,} more too few" if len(few) > LISTED else ""
            needs = f"an episode needs {pictures} pictures of each class for its support and queries"
            message = f"{needs}; in the split `{self.split}` {', '.join(few[:LISTED])}{more}"
            raise PoolError(message, about="shots")

    def pictures(self, classes: Int64[np.ndarray, "e n"], count: int, dice: Dice) -> Int64[np.ndarray, "e n count"]:
        """Different pictures of each class, drawn at random.

        Args:
            classes: places among the pool's classes.
            count: pictures of each.
            dice: a stream for each episode.
        """
        keys = dice.uniform(classes.shape[1], self._rows.shape[1])
        keys[self._rows[classes] < 0] = 2.0
        chosen = keys.argsort(axis=-1)[..., :count]
        found: NDArray[np.int64] = self._rows[classes[..., None], chosen]
        return found


def _wanted(source: DataSource, shown: Int64[np.ndarray, " b"], split: Split) -> Bool[np.ndarray, " b"]:
    """Which examples show a class of the split: a seen one in training; elsewhere an unseen one, or any."""
    seen = np.array(source.labels.seen)[shown] if len(shown) else np.zeros(0, bool)
    if split == "train":
        return seen
    return np.ones_like(seen) if seen.all() else ~seen


def shuffled(dice: Dice, count: int) -> Int64[np.ndarray, "b count"]:
    """A random order of ``count`` things for each stream."""
    return dice.uniform(count).argsort(axis=-1, kind="stable")


def one_of(targets: Sequence[int] | NDArray[np.int64], ways: int) -> NDArray[np.int8]:
    """1 for each class position, -1 for the others: a new last dim of ``ways``."""
    return np.where(np.asarray(targets)[..., None] == np.arange(ways), 1, -1).astype(np.int8)
