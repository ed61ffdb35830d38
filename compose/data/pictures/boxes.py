"""The boxes of a user's pictures, in little memory, and batches of them as the model sees the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from torch import Tensor

from compose.data.pictures.picture_view import View, whole_picture


@dataclass(frozen=True)
class Boxes:
    """The boxes of each row of the annotations.

    Args:
        starts: where each row's boxes start, and where the last ends: ``rows + 1``.
        sides: left, top, right and bottom of each box in its picture.
        lines: where each box is mentioned first in its file.
        label_starts: where each box's labels start, and where the last ends: ``boxes + 1``.
        columns: the columns of the labels in the targets.
        labels: labels in the table.
        relative: whether sides are shares of the picture's width and height; else they are its pixels.
    """

    starts: NDArray[np.int64]
    sides: Float32[np.ndarray, "boxes 4"]
    lines: NDArray[np.int32]
    label_starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    labels: int
    relative: bool

    @property
    def most(self) -> int:
        """The greatest number of boxes of a picture, at least 1."""
        return max(1, int(np.diff(self.starts).max(initial=0)))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What an example holds of them."""
        return {"boxes": (self.most, 4), "box_labels": (self.most, self.labels)}

    def batch(self, rows: NDArray[np.int64], views: Sequence[View], paths: Sequence[Path]) -> dict[str, Tensor]:
        """The boxes of a batch.

        Args:
            rows: the rows ``b``.
            views: what the model sees of each picture.
            paths: the picture of each row of the annotations.

        Returns:
            ``boxes`` float32 ``b k 4``: left, top, right, bottom in pixels of what the model sees, cut off where that
            ends; 0 where a place is empty. ``box_labels`` int8 ``b k l``: 1 for the labels that a box shows.
        """
        boxes = np.zeros((len(rows), self.most, 4), np.float32)
        shown = np.zeros((len(rows), self.most, self.labels), np.int8)
        for i, (row, view) in enumerate(zip(rows.tolist(), views, strict=True)):
            start, end = self.starts[row], self.starts[row + 1]
            if start == end:
                continue
            whole = whole_picture(paths[row], view)
            seen, inside = view.boxes(self.sides[start:end], whole, relative=self.relative)
            boxes[i, : len(seen)] = seen
            for place, box in enumerate((start + np.flatnonzero(inside)).tolist()):
                shown[i, place, self.columns[self.label_starts[box] : self.label_starts[box + 1]]] = 1
        return {"boxes": torch.from_numpy(boxes), "box_labels": torch.from_numpy(shown)}


def gather_boxes(
    row: NDArray[np.int64],
    column: NDArray[np.int64],
    sides: Float32[np.ndarray, "n 4"],
    line: NDArray[np.int32],
    *,
    rows: int,
    labels: int,
    relative: bool,
) -> Boxes:
    """Boxes from the lines of a file, which has one for each label of a box: where row and sides are the same, so is
    the box. A row's boxes are in the order of the file.

    Args:
        row: the row of the annotations that each line is about.
        column: its label.
        sides: its sides.
        line: its number.
        rows: rows of the annotations.
        labels: labels in the table.
        relative: whether sides are shares of the picture's width and height.
    """
    bits = (sides + np.float32(0)).view(np.uint64)  # without -0.0, boxes are the same whose two pairs of sides are
    order = np.lexsort((bits[:, 0], bits[:, 1], row))  # stable: the same boxes stand together in the file's order
    there = np.ones(len(row), bool)
    there[1:] = (row[order[1:]] != row[order[:-1]]) | (bits[order[1:]] != bits[order[:-1]]).any(1)
    first = order[there]
    by_row = np.lexsort((first, row[first]))
    number = np.empty_like(by_row)
    number[by_row] = np.arange(len(by_row))
    box = np.empty_like(order)
    box[order] = number[np.cumsum(there) - 1]
    first = first[by_row]
    pairs = np.unique(box * labels + column)
    return Boxes(
        _starts(row[first], rows),
        sides[first],
        line[first],
        _starts(pairs // labels, len(first)),
        (pairs % labels).astype(np.int32),
        labels,
        relative,
    )


def _starts(owner: NDArray[np.int64], owners: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.bincount(owner, minlength=owners).cumsum()])
