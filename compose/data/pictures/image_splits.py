"""Which pictures are in which split of a user's data, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.picture_identity import posix
from compose.data.source import SPLITS, Split

PictureRows = NDArray[np.int64]


@dataclass
class Division:
    """The rows of each split.

    Args:
        rows: the rows of each split, in the order of the files.
        problems: pictures that are in two splits, that carry other labels in another row, or that have no split.
        notes: rows that say the same again.
    """

    rows: dict[Split, PictureRows]
    problems: list[Finding]
    notes: list[Finding]

    @property
    def every(self) -> PictureRows:
        """The rows of all splits, each once."""
        return np.unique(np.concatenate([*self.rows.values()]))

    def share(self) -> None:
        """Give all rows to every split."""
        self.rows = dict.fromkeys(SPLITS, self.every)


def divide(
    annotations: Annotations, files: Sequence[str], *, fractions: tuple[float, float, float], seed: int
) -> Division:
    """Divide the rows by the split that they name; where none names one, by lot.

    Args:
        annotations: all rows.
        files: for each row its picture's file, see :func:`compose.data.pictures.picture_identity.identities`.
        fractions: the shares of train, val and test of a division by lot.
        seed: of the lot. It depends on the pictures' names, not on their order.
    """
    problems: list[Finding] = []
    notes: list[Finding] = []
    kept = _once(annotations, files, problems, notes)
    if any(annotations.splits):
        without = [row for row in kept if not annotations.splits[row]]
        problems += [annotations.at(row, "no split is named, as it is for other pictures") for row in without]
        rows = {split: [row for row in kept if annotations.splits[row] == split] for split in SPLITS}
    else:
        rows = _by_lot(annotations, kept, fractions, seed)
    return Division({split: np.array(of_split, np.int64) for split, of_split in rows.items()}, problems, notes)


def _once(annotations: Annotations, files: Sequence[str], problems: list[Finding], notes: list[Finding]) -> list[int]:
    """The first row of each picture; the others are problems where they disagree with it."""
    first: dict[str, int] = {}
    for row, image in enumerate(annotations.images):
        known = first.setdefault(files[row], row)
        if known == row:
            continue
        place = _place(annotations, row, known)
        here, there = annotations.splits[row], annotations.splits[known]
        if here != there:
            message = f"{image} is in `{here or 'no split'}`, and in `{there or 'no split'}` at {place}"
            problems.append(annotations.at(row, message))
        elif annotations.content(row) != annotations.content(known):
            problems.append(annotations.at(row, f"{image} has other labels at {place}"))
        else:
            notes.append(annotations.at(row, f"{image} is listed already at {place}; used once"))
    return list(first.values())


def _place(annotations: Annotations, row: int, known: int) -> str:
    """Where a picture stands already, and how it is called there."""
    image, there = annotations.images[row], annotations.images[known]
    return annotations.place(known) + ("" if image == there else f", as {there}")


def _by_lot(
    annotations: Annotations, rows: list[int], fractions: tuple[float, float, float], seed: int
) -> dict[Split, list[int]]:
    def lot(row: int) -> bytes:
        name = posix(annotations.images[row])
        return blake2b(f"{seed}/{name}".encode(errors="surrogatepass"), digest_size=16).digest()

    drawn = sorted(rows, key=lot)
    ends = [round(end * len(rows)) for end in np.cumsum((0.0, *fractions))]
    return {split: sorted(drawn[ends[i] : ends[i + 1]]) for i, split in enumerate(SPLITS)}
