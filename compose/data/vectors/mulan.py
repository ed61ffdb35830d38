"""The data source ``mulan``: tables with several labels a row, in the files of the Mulan project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from compose.block import data
from compose.data.vectors.arff import Header, read_rows
from compose.data.vectors.mulan_files import damaged, is_punctuation, label_names, open_mulan, quoted
from compose.data.vectors.sparse_rows import SparseRows
from compose.data.vectors.vector_examples import PRESENT, UNKNOWN, LabelledVectors
from compose.data.vectors.vector_source import VectorSource


@data
class Mulan(VectorSource):
    """Any data set in Mulan's files: feature vectors in ARFF files, and an XML file that names their labels.

    Rows may be dense or sparse, attributes numbers or two values, in any order; those of texts, dates or several words
    are left out. A label is an attribute of 0 and 1; a missing one (`?`) is unknown, and a missing feature is 0. What a
    sparse row leaves out is 0, or the first of the values that are declared. A split has the examples that carry one of
    its labels, with the targets of all labels.

    Example:
        {folder: corel5k, split: {val: 50, test: 60}}
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        train: Path | None = None,
        test: Path | None = None,
        labels: Path | None = None,
        prefix: str = "",
        punctuation: Literal["keep", "drop"] = "keep",
        rename: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Read the headers of the files.

        Args:
            folder: where the files are: `NAME-train.arff` and `NAME-test.arff`, or one ARFF file, and `NAME.xml`.
            train: the training file, or the only one, where it is not the folder's.
            test: the test file.
            labels: the XML file of labels.
            prefix: what is cut from the starts of the labels' names.
            punctuation: whether labels without a letter or digit are left out.
            rename: other names for labels, such as `{"dise?o": "diseño"}` where a name is damaged in the files.
            options: how labels and examples are divided.
        """
        self._files = open_mulan(folder, train=train, test=test, labels=labels)
        self._names = label_names(self._files.labels, prefix=prefix, rename=rename or {})
        drop = [self._names.others.get(name, name) for name in options.pop("drop", ())]
        if punctuation == "drop":
            drop += [name for name in self._names.names if is_punctuation(name) and name not in drop]
        super().__init__(drop=drop, **options)

    @property
    def all_labels(self) -> Sequence[str]:
        """The labels in the order of the XML file."""
        return self._names.names

    @property
    def other_names(self) -> Mapping[str, str]:
        """Their names in the files."""
        return self._names.others

    @property
    def dims(self) -> int:
        """The attributes that are numbers and no labels."""
        return len(self._feature_columns)

    def notes(self) -> list[str]:
        """Attributes left out, missing features, damaged names, and what other sources of feature vectors note."""
        words = [each.name for each in self._files.train.attributes if each.of_words]
        found = [f"attributes that are no numbers and are left out: {quoted(words)}"] if words else []
        if self._stored.missing:
            found.append(f"missing features, taken as 0: {self._stored.missing:,}")
        spoilt = damaged(self.division.names)
        if spoilt:
            found.append(f"names that look damaged: {quoted(spoilt)}; `rename` mends them, `drop` leaves them out")
        if self.division.overruled:
            names = quoted(self.division.overruled)
            found.append(f"labels that `split` names and `drop` or `punctuation` leaves out: {names}")
        return [*found, *super().notes()]

    def read(self) -> tuple[LabelledVectors, list[str]]:
        """The rows of both files."""
        headers = [header for header in (self._files.train, self._files.test) if header is not None]
        tables, problems = zip(*map(read_rows, headers), strict=True)
        features, labels = (
            SparseRows.stack(
                [self._columns(table, header, part) for table, header in zip(tables, headers, strict=True)]
            )
            for part in (self._feature_columns, self._label_columns)
        )
        missing = np.isnan(features.values)
        stored = LabelledVectors(
            features.where(~missing),
            replace(labels, values=np.where(np.isnan(labels.values), UNKNOWN, PRESENT).astype(np.int8)),
            np.repeat([False, True][: len(tables)], [len(table) for table in tables]),
            missing=int(missing.sum()),
        )
        return stored, [str(problem) for found in problems for problem in found]

    @cached_property
    def _label_columns(self) -> dict[str, int]:
        return {name: column for column, name in enumerate(self._files.labels)}

    @cached_property
    def _feature_columns(self) -> dict[str, int]:
        numbers = (each.name for each in self._files.train.attributes if not each.of_words)
        names = [name for name in numbers if name not in self._label_columns]
        return {name: column for column, name in enumerate(names)}

    @staticmethod
    def _columns(table: SparseRows, header: Header, columns: Mapping[str, int]) -> SparseRows:
        """The attributes of these names, whatever their order in the file."""
        return table.renumbered(np.array([columns.get(name, -1) for name in header.names]), len(columns))
