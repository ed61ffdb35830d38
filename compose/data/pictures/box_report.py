"""A file of boxes, read when it is first needed, with all that a user should know about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.box_csv import BoxRows, read_boxes, sound
from compose.data.pictures.box_header import PLAIN, BoxHeader
from compose.data.pictures.box_match import label_columns, picture_rows, strangers
from compose.data.pictures.boxes import gather_boxes
from compose.data.pictures.picture_view import upright_size


class BoxReport:
    """Reads a file of boxes.

    Args:
        path: the file.
        header: its first line.
        annotations: the pictures that they are in.
        names: the labels in the table.
        classes: the names of machine ids.

    Attributes:
        boxes: those that can be used.
        problems: the lines that cannot be used, in their order, and what is wrong with the file as a whole.
        notes: how many boxes are left out because they are of other pictures or labels, or show nothing.
    """

    def __init__(
        self, path: Path, header: BoxHeader, annotations: Annotations, names: Sequence[str], classes: Mapping[str, str]
    ) -> None:
        self._images = annotations.images
        rows = read_boxes(path, header)
        good = sound(rows)
        row = picture_rows(rows, annotations.images)[rows.image]
        column = label_columns(rows, names, classes)[rows.label]
        extended = (rows.sides[:, :2] < rows.sides[:, 2:]).all(1)
        used = good & (row >= 0) & (column >= 0) & extended
        self.boxes = gather_boxes(
            row[used],
            column[used],
            rows.sides[used],
            rows.line[used],
            rows=len(annotations),
            labels=len(names),
            relative=rows.form.relative,
        )
        self._file = path
        self.problems = sorted(rows.problems, key=lambda finding: finding.line)
        self.problems += self._useless(rows, row, column, names, classes)
        strange = good & (row < 0), good & (row >= 0) & (column < 0), good & (row >= 0) & (column >= 0) & ~extended
        self.notes = self._left_out(len(good), [int(some.sum()) for some in strange])

    def outside(self, paths: Sequence[Path]) -> list[Finding]:
        """Boxes in pixels that do not fit into their pictures, whose sizes are read for it.

        Args:
            paths: the picture of each row of the annotations.
        """
        boxes = self.boxes
        if boxes.relative:
            return []
        counts = np.diff(boxes.starts)
        rows = np.flatnonzero(counts)
        with ThreadPoolExecutor() as pool:
            sizes = list(pool.map(lambda row: upright_size(paths[row]), rows.tolist()))
        limits = np.array([size or (np.inf, np.inf) for size in sizes]).reshape(-1, 2).repeat(counts[rows], 0)
        beyond = np.flatnonzero((boxes.sides[:, 2:] > limits + PLAIN.slack).any(1))
        return [self._beyond(box, np.repeat(rows, counts[rows])[box], limits[box].tolist()) for box in beyond.tolist()]

    def _beyond(self, box: int, row: int, limits: list[float]) -> Finding:
        width, height = limits
        right, bottom = self.boxes.sides[box, 2:].tolist()
        message = f"{self._images[row]} is {width:g} x {height:g} pixels, got right {right:g} and bottom {bottom:g}"
        return Finding(f"expected a box inside the picture: {message}", self._file, int(self.boxes.lines[box]))

    def _useless(
        self,
        rows: BoxRows,
        row: NDArray[np.int64],
        column: NDArray[np.int64],
        names: Sequence[str],
        classes: Mapping[str, str],
    ) -> list[Finding]:
        """Where no line can be used at all."""
        if not len(row):
            return [] if rows.problems else [Finding("expected boxes, got none", self._file)]
        if (row < 0).all():
            image = next(iter(rows.images))
            message = f"none of the {len(rows.images):,} pictures is in the label files, such as `{image}`"
            return [Finding(message, self._file, int(rows.line[0]))]
        if (column < 0).all():
            return [Finding(strangers(rows, names, classes), self._file, int(rows.line[0]))]
        return []

    def _left_out(self, total: int, counts: Sequence[int]) -> list[Finding]:
        reasons = ("of pictures that are not in the label files", "of labels that the data does not have", "of no area")
        given = [f"{count:,} {reason}" for count, reason in zip(counts, reasons, strict=True) if count]
        message = f"{sum(counts):,} of {total:,} boxes' rows are left out: {', '.join(given)}"
        return [Finding(message, self._file)] if given else []
