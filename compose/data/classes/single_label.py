"""Sources whose pictures show one class each, and whose splits have classes of their own: for few-shot learning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int8, Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.source import Examples, LabelTable, PictureSource, Split

FEWEST = 2
"""Pictures of a class that an episode needs: one to learn from and one to ask about."""


class SingleLabelExamples(Examples):
    """A split of pictures of one class each."""

    @abstractmethod
    def classes(self) -> Int64[np.ndarray, " len"]:
        """The class of each example of an epoch, as its column in the targets. No picture is read for it."""

    def columns(self) -> Int64[np.ndarray, " k"] | None:
        """The classes of the split's tasks, as columns of the targets; None where these are those seen in training, and
        all others elsewhere."""
        return None

    def carried(self) -> Int64[np.ndarray, " k"]:
        """The classes that have an example."""
        return np.unique(self.classes())


@dataclass(frozen=True)
class ClassTable:
    """Classes in the order of the targets' columns.

    Args:
        names: unique names.
        splits: the split that has a class's pictures.
        parents: the group of each class, or None.
        synsets: the WordNet synset of each class, or None.
    """

    names: tuple[str, ...]
    splits: tuple[Split, ...]
    parents: tuple[str, ...] | None = None
    synsets: tuple[str, ...] | None = None

    @property
    def labels(self) -> LabelTable:
        """The classes as labels; those of training are seen."""
        seen = tuple(split == "train" for split in self.splits)
        return LabelTable(self.names, seen, self.synsets or (None,) * len(seen))

    def columns(self, split: Split) -> Int64[np.ndarray, " classes"]:
        """The classes of a split."""
        return np.flatnonzero(np.array(self.splits) == split)


class ClassSource(PictureSource):
    """What the sources of classes have in common.

    ``train``, ``val`` and ``test`` hold the pictures of different classes; those of ``train`` are seen. The targets are
    int8 ``b l`` over all classes: 1 for the picture's own and -1 for the others.
    """

    @property
    @abstractmethod
    def table(self) -> ClassTable:
        """The classes."""

    @property
    def labels(self) -> LabelTable:
        """All classes; those of validation and test are unseen."""
        return self.table.labels

    @property
    def parents(self) -> tuple[str, ...]:
        """For each class the group that it belongs to, or nothing."""
        return self.table.parents or ()

    @abstractmethod
    def split(self, name: Split) -> SingleLabelExamples:
        """The examples of a split. Raises DataError where the source has none."""


class ClassExamples(SingleLabelExamples):
    """A split: a map from lists of indices to batches of ``image`` and ``targets``.

    Args:
        classes: the class of each example of an epoch.
        count: how many classes there are in all splits.
    """

    def __init__(self, classes: NDArray[np.int64], count: int) -> None:
        self._classes, self._count = classes, count

    def __len__(self) -> int:
        return len(self._classes)

    def classes(self) -> Int64[np.ndarray, " len"]:
        """The class of each example of an epoch."""
        return self._classes

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples."""
        rows = np.asarray(indices, np.int64) % len(self)
        return {"image": self.images(rows, indices), "targets": class_targets(self._classes[rows], self._count)}

    @abstractmethod
    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b c h w"]:
        """The pictures of a batch as the model takes them.

        Args:
            rows: the examples' places in their epoch.
            indices: their places over all epochs, for what is drawn anew in each.
        """


def class_targets(classes: NDArray[np.int64], count: int) -> Int8[Tensor, "b l"]:
    """1 for each example's class, -1 for the other classes."""
    targets = torch.full((len(classes), count), -1, dtype=torch.int8)
    targets[torch.arange(len(classes)), torch.from_numpy(classes)] = 1
    return targets


def too_few(table: ClassTable, pictures: Sequence[int]) -> list[str]:
    """A line for each class with too few pictures for an episode, given how many each class has."""
    return [
        f"expected at least {FEWEST} pictures of `{name}` ({split}), got {count}"
        for name, split, count in zip(table.names, table.splits, pictures, strict=True)
        if count < FEWEST
    ]
