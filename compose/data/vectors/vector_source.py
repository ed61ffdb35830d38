"""What the sources of feature vectors with several labels have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError
from compose.data.source import SPLITS, DataError, DataSource, LabelTable, Share, Split
from compose.data.vectors.example_division import ExampleProtocol, ExampleRows, divide_examples, first_of_each
from compose.data.vectors.label_division import Part, divide_labels
from compose.data.vectors.sparse_rows import SparseRows
from compose.data.vectors.vector_examples import PRESENT, LabelledVectors, VectorExamples
from compose.errors import listed

FEWEST = 2
"""Examples of a label that a task needs: one to learn from and one to ask about."""


class VectorSource(DataSource):
    """Examples of feature vectors, whose labels are divided into those of training, of validation and of test.

    A split has the examples that carry one of its labels, with the targets of all labels. `protocol` says whether it
    draws them from all examples, or from its own.
    """

    gives = ("features",)

    def __init__(
        self,
        *,
        drop: Sequence[str] = (),
        split: dict[Split, Part] | Path | None = None,
        protocol: ExampleProtocol = "example_split",
        fractions: tuple[Share, Share, Share] | None = None,
        duplicates: Literal["drop", "keep"] = "drop",
        seed: int = 0,
    ) -> None:
        """Set how labels and examples are divided.

        Args:
            drop: labels that are left out, neither trained nor tested on, even where `split` names them.
            split: for each of `train`, `val` and `test` how many labels it has, drawn with `seed`, or a list of them;
                or a JSON or YAML file that says so. Without `train`, it has all labels that are left; labels of no
                split are left out. Those of `val` and `test` are unseen. Without it all labels are seen and
                in all splits.
            protocol: `label_split`: a split has all examples that carry one of its labels, so that a test's examples
                are trained on through their other labels. `example_split`: every example is in one split alone.
            fractions: the shares of the examples for train, val and test in `example_split`, drawn with `seed`. Where
                not given, those of the data's test file are the test and a quarter of the others validation; without
                such a file 0.5, 0.2 and 0.3.
            duplicates: whether an example that equals an earlier one in all features and labels is left out.
            seed: another seed divides otherwise.
        """
        if fractions is not None and abs(sum(fractions) - 1) > 1e-6:
            raise BlockError(f"expected three shares that add up to 1, got {list(fractions)}", parameter="fractions")
        if fractions is not None and protocol == "label_split":
            raise BlockError("expected no shares: in `label_split` all splits have all examples", parameter="fractions")
        if split is None and protocol == "label_split":
            message = "expected `split` to divide the labels: without it all splits would be the same"
            raise BlockError(message, parameter="protocol")
        self.example_protocol: ExampleProtocol = protocol
        self._fractions, self._seed = fractions, seed
        self._once = duplicates == "drop"
        self.division = divide_labels(self.all_labels, drop=drop, parts=split, seed=seed, others=self.other_names)

    @property
    @abstractmethod
    def all_labels(self) -> Sequence[str]:
        """The names of all labels of the data; known before :meth:`__init__`."""

    @property
    def other_names(self) -> Mapping[str, str]:
        """What else labels may be called in ``drop`` and ``split``."""
        return {}

    @property
    def synsets(self) -> Sequence[str | None] | None:
        """The synset of each label of the data, or None."""
        return None

    @property
    @abstractmethod
    def dims(self) -> int:
        """How many features an example has."""

    @abstractmethod
    def read(self) -> tuple[LabelledVectors, list[str]]:
        """All examples, and what is wrong with the files, a line for each problem.

        Raises:
            DataError: there are no examples.
        """

    @property
    def labels(self) -> LabelTable:
        """The labels in use; those of validation and test are unseen."""
        return self.division.table(self.synsets)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The length of a feature vector."""
        return {"features": (self.dims,)}

    def split(self, name: Split) -> VectorExamples:
        """The examples of a split.

        Raises:
            DataError: the files are damaged, or no example carries a label of the split.
        """
        if self._problems:
            raise DataError("\n".join(self._problems))
        rows = self._rows[name]
        if not len(rows):
            raise DataError(f"there are no examples in the split `{name}`")
        columns = self.division.columns(name)
        return VectorExamples(self._stored.features.take(rows), self._labels.take(rows), rows=rows, columns=columns)

    def content(self) -> str:
        """A digest of the features and labels of all examples."""
        digest = sha256()
        for matrix in (self._stored.features, self._stored.labels):
            for part in (matrix.starts, matrix.columns, matrix.values):
                digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()

    def check(self) -> list[str]:
        """Read the files and return what is wrong with them, a line for each problem."""
        return self._problems

    def notes(self) -> list[str]:
        """Examples that are there twice, labels that are in no split, and those with too few examples for a task."""
        again = len(self._stored.features) - len(self._distinct)
        found = [f"examples that equal an earlier one and are left out: {again:,}"] if again else []
        if self.division.left_out:
            found.append(f"labels that are in no split and left out: {self.division.left_out:,}")
        return [*found, *(note for split in SPLITS for note in self._few(split))]

    @cached_property
    def _read(self) -> tuple[LabelledVectors, list[str]]:
        """Read when the first split is asked for, and once."""
        try:
            return self.read()
        except DataError as error:
            features, labels = (
                SparseRows.of(*np.empty((3, 0), np.int64), shape=(0, width))
                for width in (self.dims, len(self.all_labels))
            )
            return LabelledVectors(features, labels, np.zeros(0, bool)), [str(error)]

    @property
    def _stored(self) -> LabelledVectors:
        return self._read[0]

    @property
    def _problems(self) -> list[str]:
        return self._read[1]

    @cached_property
    def _labels(self) -> SparseRows:
        """The labels in use of all examples."""
        places = np.full(self._stored.labels.width, -1)
        places[self.division.places] = np.arange(len(self.division.names))
        return self._stored.labels.renumbered(places, len(self.division.names))

    @cached_property
    def _distinct(self) -> ExampleRows:
        """All examples that may be drawn."""
        if not self._once:
            return np.arange(len(self._stored.features))
        pairs = zip(self._stored.features.keys(), self._stored.labels.keys(), strict=True)
        return first_of_each([b"%d %b%b" % (len(features), features, labels) for features, labels in pairs])

    @cached_property
    def _rows(self) -> dict[Split, ExampleRows]:
        """The examples of each split."""
        found = divide_examples(
            self._distinct,
            self._stored.tested,
            protocol=self.example_protocol,
            fractions=self._fractions,
            seed=self._seed,
        )
        if self.division.splits is None:
            return found
        return {split: rows[self._carry(split)[rows]] for split, rows in found.items()}

    def _carry(self, split: Split) -> NDArray[np.bool_]:
        """Whether each example carries a label of the split."""
        hits = self.division.within(split)[self._labels.columns] & (self._labels.values == PRESENT)
        return np.bincount(self._labels.row_of[hits], minlength=len(self._labels)) > 0

    def _few(self, split: Split) -> list[str]:
        """A line on the labels of a split that have too few examples there."""
        carried = self._labels.take(self._rows[split])
        times = np.bincount(carried.columns[carried.values == PRESENT], minlength=len(self.division.names))
        few = [f"`{self.division.names[i]}` has {times[i]}" for i in self.division.columns(split) if times[i] < FEWEST]
        few = few if self.division.splits or split == "train" else []
        return [f"a task needs {FEWEST} examples of a label; in `{split}` {listed(few)}"] if few else []
