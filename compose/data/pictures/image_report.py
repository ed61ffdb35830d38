"""Everything that a user should know about their pictures and labels before training starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from compose.data.label_list import strange_labels
from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.grey_range import GreyRange, scaling_note
from compose.data.pictures.image_splits import Division, PictureRows
from compose.data.pictures.picture_check import check_pictures
from compose.data.source import LabelTable, Split
from compose.errors import listed

"""Names in a line that sums many up."""


class ImageReport:
    """Reads every picture once.

    Args:
        annotations: the rows of the label files.
        division: their splits.
        table: the labels.
        paths: the picture of each row.
        skip: whether pictures that cannot be read are left out; else they are problems.
        decode: whether pictures are read to their end.
        white: the number that is white in pictures of more than 8 bits, where the user says it.

    Attributes:
        rows: the rows of each split that can be used.
        problems: what keeps the data from being used, in the order of the files.
        notes: what does not, but is unusual.
    """

    def __init__(
        self,
        annotations: Annotations,
        division: Division,
        table: LabelTable,
        paths: Sequence[Path],
        *,
        skip: bool,
        decode: bool,
        white: float | None = None,
    ) -> None:
        self._annotations, self._table = annotations, table
        self._scaled: list[GreyRange] = []
        lost = _all_missing(paths)
        bad = {} if lost else self._bad_pictures(division, paths, decode=decode)
        self.rows = {split: _without(rows, bad) if skip else rows for split, rows in division.rows.items()}
        found = [*lost, *annotations.problems, *strange_labels(annotations, table), *division.problems]
        self.notes: list[Finding] = [*annotations.notes, *division.notes]
        if skip:
            self.notes += self._left_out(bad, division)
        else:
            found += bad.values()
        self.problems = _in_order(found, annotations.files) or _empty(self.rows)
        self.notes += self._wide(white) + self._without_labels() + self._never_present() + self._alike()

    def _bad_pictures(self, division: Division, paths: Sequence[Path], *, decode: bool) -> dict[int, Finding]:
        rows = division.every.tolist()
        found = check_pictures([paths[row] for row in rows], decode=decode)
        self._scaled = list(found.scaled.values())
        named = {rows[i]: f"{self._annotations.images[rows[i]]}: {reason}" for i, reason in found.faults.items()}
        return {row: self._annotations.at(row, message) for row, message in named.items()}

    def _left_out(self, bad: dict[int, Finding], division: Division) -> list[Finding]:
        if not bad:
            return []
        total = len(division.every)
        each = ", ".join(f"{split} {np.isin(rows, list(bad)).sum():,}" for split, rows in division.rows.items())
        return [Finding(f"{len(bad):,} of {total:,} pictures are left out ({each}):"), *bad.values()]

    def _wide(self, white: float | None) -> list[Finding]:
        """Pictures of more than 8 bits, and what became of them; nothing where the user said it."""
        if white is not None or not self._scaled:
            return []
        alike = "; `white` scales all alike" if len(set(self._scaled)) > 1 else ""
        return [Finding(scaling_note(self._scaled) + alike)]

    def _without_labels(self) -> list[Finding]:
        found = []
        for split, rows in self.rows.items():
            bare = rows[self._annotations.present(rows)[1] == 0]
            if len(bare):
                names = listed([self._annotations.images[row] for row in bare])
                found.append(Finding(f"{len(bare):,} of {len(rows):,} pictures in `{split}` show no label: {names}"))
        return found

    def _never_present(self) -> list[Finding]:
        """Seen labels that training cannot learn, and unseen ones that no test picture can measure."""
        unlearned = self._absent_from("train", seen=True)
        unmeasured = self._absent_from("test", seen=False)
        return [
            Finding(
                f"{len(names):,} {kind} labels are in no picture of `{split}` and cannot be {verb}: {listed(names)}"
            )
            for names, kind, split, verb in (
                (unlearned, "seen", "train", "learned"),
                (unmeasured, "unseen", "test", "measured"),
            )
            if names
        ]

    def _absent_from(self, split: Split, *, seen: bool) -> list[str]:
        if not len(self.rows[split]):
            return []
        counts = self._annotations.present(self.rows[split])[0]
        present = {name for name, number in self._annotations.names.items() if counts[number]}
        labels = zip(self._table.names, self._table.seen, strict=True)
        return [name for name, is_seen in labels if is_seen == seen and name not in present]

    def _alike(self) -> list[Finding]:
        """Labels that differ in capitals alone."""
        folded = Counter(name.casefold() for name in self._table.names)
        alike = [name for name in self._table.names if folded[name.casefold()] > 1]
        return [Finding(f"labels that differ in capitals alone: {', '.join(alike)}")] if alike else []


def _all_missing(paths: Sequence[Path]) -> list[Finding]:
    """One line instead of thousands where it is the folder that is wrong."""
    if len(paths) < 2 or any(path.exists() for path in paths):
        return []
    return [Finding(f"none of the {len(paths):,} pictures is there, such as {paths[0]}: is `folder` right?")]


def _without(rows: PictureRows, bad: dict[int, Finding]) -> PictureRows:
    return rows[~np.isin(rows, list(bad))]


def _in_order(found: Iterable[Finding], files: Sequence[Path]) -> list[Finding]:
    place = {file: number for number, file in enumerate(files)}
    return sorted(found, key=lambda finding: (place[finding.file] if finding.file else -1, finding.line))


def _empty(rows: dict[Split, PictureRows]) -> list[Finding]:
    return [] if any(len(of_split) for of_split in rows.values()) else [Finding("no picture can be used")]
