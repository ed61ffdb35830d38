"""Which labels each picture of a user's data carries, in little memory."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int8
from numpy.typing import NDArray
from torch import Tensor

PRESENT, ABSENT, UNKNOWN = 1, -1, 0
ZERO, UNLISTED, MINUS = 2, 3, 4
"""What the files leave open until all are read: the cells ``0`` and ``-1`` of a label's column, and a label not in a
list."""
Meaning = Literal["auto", "absent", "unknown"]


@dataclass(frozen=True)
class Finding:
    """Something about the data that the user should know, at a line of a file."""

    message: str
    file: Path | None = None
    line: int = 0

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return (where if self.file else "") + self.message


@dataclass
class Annotations:
    """The rows of all label files, in order.

    Attributes:
        images: the picture of each row, as written.
        splits: ``train``, ``val`` or ``test``, or empty where the file does not say.
        files: the files read; ``file`` and ``line`` tell where a row stands.
        names: label -> number, in the order of first mention.
        mentions: where each label is mentioned first: position in ``files``, and line.
        problems: the lines that cannot be used, and why.
        notes: what else the user should know of the files.
        separated: whether a cell of labels has several, between the separators that are usual.
        cells: the labels that fill a cell, and where each does so first.
    """

    images: list[str] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    mentions: list[tuple[int, int]] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    separated: bool = False
    cells: dict[str, Finding] = field(default_factory=dict)
    _file: array[int] = field(default_factory=lambda: array("i"))
    _line: array[int] = field(default_factory=lambda: array("i"))
    _rest: array[int] = field(default_factory=lambda: array("b"))
    _starts: array[int] = field(default_factory=lambda: array("q", [0]))
    _labels: array[int] = field(default_factory=lambda: array("i"))
    _values: array[int] = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.images)

    def number(self, name: str, line: int) -> int:
        """The number of a label that the file begun last mentions at a line."""
        if name not in self.names:
            self.names[name] = len(self.names)
            self.mentions.append((len(self.files) - 1, line))
        return self.names[name]

    def rename(self, names: Mapping[str, str]) -> None:
        """Call labels otherwise.

        Args:
            names: label -> its other name; labels that are not there keep theirs.

        Raises:
            ValueError: two would be called the same.
        """
        renamed: dict[str, int] = {}
        for name, number in self.names.items():
            other = names.get(name, name)
            if other in renamed:
                raise ValueError(f"two labels of the label files would be called `{other}`")
            renamed[other] = number
        self.names = renamed

    def add(
        self, image: str, numbers: Iterable[int], values: Iterable[int], *, rest: int, split: str, line: int
    ) -> None:
        """Add a row of the file begun last.

        Args:
            image: the picture.
            numbers: of the labels that the row mentions.
            values: their values.
            rest: the value of all other labels.
            split: the split, or empty.
            line: where the row stands.
        """
        self.images.append(image)
        self.splits.append(split)
        self._file.append(len(self.files) - 1)
        self._line.append(line)
        self._rest.append(rest)
        self._labels.extend(numbers)
        self._values.extend(values)
        self._starts.append(len(self._labels))

    def problem(self, line: int, message: str) -> None:
        """Note that a line of the file begun last cannot be used."""
        self.problems.append(Finding(message, self.files[-1], line))

    def note(self, line: int, message: str) -> None:
        """Note what a user should know of a line of the file begun last, though it can be used."""
        self.notes.append(Finding(message, self.files[-1], line))

    def at(self, row: int, message: str) -> Finding:
        """A finding at a row."""
        return Finding(message, self.files[self._file[row]], self._line[row])

    def place(self, row: int) -> str:
        """Where a row stands: ``labels.csv:12``."""
        file, line = self.files[self._file[row]], self._line[row]
        return f"{file}:{line}" if line else str(file)

    def content(self, row: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        """What a row says, so that two rows can be compared."""
        span = slice(self._starts[row], self._starts[row + 1])
        return self._rest[row], tuple(sorted(zip(self._labels[span], self._values[span], strict=True)))

    def settle(
        self, *, zero: Meaning, unlisted: Meaning, minus_one: Literal["absent", "unknown"] = "absent"
    ) -> str | None:
        """Give what the files left open its meaning; returns what is wrong with ``zero``, or None.

        Args:
            zero: what the cell 0 means. ``auto``: absent, if no cell is -1 and means that.
            minus_one: what the cell -1 means.
            unlisted: what a label means that a row does not list. ``auto``: unknown if some row lists absent labels,
                else absent.
        """
        values, rests = np.frombuffer(self._values, np.int8), np.frombuffer(self._rest, np.int8)
        values[values == MINUS] = UNKNOWN if minus_one == "unknown" else ABSENT
        negative = bool((values == ABSENT).any())
        zeros = bool((values == ZERO).any())
        values[values == ZERO] = UNKNOWN if zero == "unknown" else ABSENT
        open_world = unlisted == "unknown" or (unlisted == "auto" and negative)
        rests[rests == UNLISTED] = UNKNOWN if open_world else ABSENT
        if zeros and negative and zero == "auto":
            say = "say which, `zero: absent` or `zero: unknown`; or `minus_one: unknown`, where -1 is uncertain"
            return f"the files have both 0 and -1, and one of them may mean unknown: {say}"
        return None

    def present(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """In how many of the rows each label number is present, and how many labels are present in each of the rows."""
        chosen = np.zeros(len(self), bool)
        chosen[rows] = True
        row_of = np.repeat(np.arange(len(self)), np.diff(np.asarray(self._starts)))
        hits = (np.frombuffer(self._values, np.int8) == PRESENT) & chosen[row_of]
        in_row = np.bincount(row_of[hits], minlength=len(self))
        labels = np.frombuffer(self._labels, np.int32)[hits]
        return np.bincount(labels, minlength=len(self.names)), in_row[rows]

    def carried(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The labels of the table that are present in some rows: of each the row's place in ``rows``, and its column.

        Args:
            rows: the rows, each once.
            columns: the column of each label number, or -1 for a label that is not in the table.
        """
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        of_entry = place[np.repeat(np.arange(len(self)), np.diff(np.asarray(self._starts)))]
        column = columns[np.frombuffer(self._labels, np.int32)]
        hits = (np.frombuffer(self._values, np.int8) == PRESENT) & (of_entry >= 0) & (column >= 0)
        return of_entry[hits], column[hits]

    def targets(self, rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> Int8[Tensor, "b l"]:
        """Targets of some rows: 1 present, -1 absent, 0 unknown.

        Args:
            rows: the rows ``b``.
            columns: the column of each label number, or -1 for a label that is not in the table.
            count: labels in the table.
        """
        targets = np.repeat(np.frombuffer(self._rest, np.int8)[rows, None], count, axis=1)
        labels, values = np.frombuffer(self._labels, np.int32), np.frombuffer(self._values, np.int8)
        for i, row in enumerate(rows.tolist()):
            span = slice(self._starts[row], self._starts[row + 1])
            column = columns[labels[span]]
            targets[i, column[column >= 0]] = values[span][column >= 0]
        return torch.from_numpy(targets)


def content_digest(
    annotations: Annotations, paths: Sequence[Path], rows: Mapping[str, Sequence[int]], names: Sequence[str]
) -> str:
    """A digest of pictures, by name and size, and of their labels.

    Args:
        annotations: what the label files say.
        paths: the picture of each row.
        rows: split -> its rows.
        names: the name of each label number.
    """
    digest = sha256()
    for split, chosen in rows.items():
        for row in chosen:
            rest, values = annotations.content(row)
            size = paths[row].stat().st_size if paths[row].is_file() else None
            said = [split, annotations.images[row], size, rest, sorted((names[n], value) for n, value in values)]
            digest.update(json.dumps(said).encode())
    return digest.hexdigest()
