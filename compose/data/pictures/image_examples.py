"""The examples of a split of the user's pictures, read and augmented as they are asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from jaxtyping import Float32, Int8, Int64
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from compose.data.classes.single_label import SingleLabelExamples
from compose.data.counter_random import Dice
from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.normalisation import Normalisation
from compose.data.pictures.boxes import Boxes
from compose.data.pictures.picture import as_tensor, open_picture
from compose.data.pictures.picture_view import View, view_picture
from compose.data.source import DataError, Examples

Augment = Literal["crop", "flip", "none"]
Fit = Literal["middle", "squash"]
_MARGIN = 256 / 224
"""In evaluation the middle of this much larger a picture is cut out, as is usual for ImageNet's networks."""
_RATIO = math.log(4 / 3)


@dataclass(frozen=True)
class Preparation:
    """How pictures become a model's input.

    Args:
        size: height and width.
        augment: what is done at random in training.
        crop: the least and the greatest share of the area that a random crop keeps.
        fit: how a picture becomes square in evaluation.
        normalisation: of the pixels.
        white: the number that is white in pictures of more than 8 bits; where not given it follows from each.
    """

    size: int
    augment: Augment
    crop: tuple[float, float]
    fit: Fit
    normalisation: Normalisation
    white: float | None = None

    def plain(self, path: Path) -> Float32[Tensor, "3 h w"]:
        """A picture as in evaluation, in [0, 1]."""
        return self.viewed(path)[0]

    def viewed(self, path: Path) -> tuple[Float32[Tensor, "3 h w"], View]:
        """A picture as in evaluation, in [0, 1], and what is seen of it."""
        if self.fit == "squash":
            return view_picture(path, self.size, squash=True, white=self.white)
        return view_picture(path, self.size, margin=_MARGIN, white=self.white)

    def augmented(self, path: Path, u: NDArray[np.float64]) -> tuple[Float32[Tensor, "3 h w"], View]:
        """A picture as in training, in [0, 1]; what is random in it is given by five numbers in [0, 1)."""
        picture, view = self._cropped(path, u) if self.augment == "crop" else self.viewed(path)
        return (picture.flip(-1), view.flip()) if self.augment != "none" and u[4] < 0.5 else (picture, view)

    def _cropped(self, path: Path, u: NDArray[np.float64]) -> tuple[Float32[Tensor, "3 h w"], View]:
        low, high = self.crop
        area, ratio = low + (high - low) * float(u[0]), math.exp(_RATIO * (2 * float(u[1]) - 1))
        at_least = math.ceil(self.size / math.sqrt(area * 0.75))
        image = open_picture(path, at_least=at_least, white=self.white)
        width, height = image.size
        side = math.sqrt(area * width * height)
        across = min(width, max(1, round(side * math.sqrt(ratio))))
        down = min(height, max(1, round(side / math.sqrt(ratio))))
        left, top = int(float(u[2]) * (width - across + 1)), int(float(u[3]) * (height - down + 1))
        picture = as_tensor(transforms.resized_crop(image, top, left, down, across, [self.size, self.size]))
        return picture, View(self.size, image.size, (left, top, across, down), at_least)


class LabelledRows(Protocol):
    """Which labels each of many pictures has."""

    def targets(self, rows: NDArray[np.int64], columns: NDArray[np.int64], count: int) -> Int8[Tensor, "b l"]:
        """Targets of some rows: 1 present, -1 absent, 0 unknown.

        Args:
            rows: the rows ``b``.
            columns: the column of each label number, or -1 for a label that is not in the table.
            count: labels in the table.
        """
        ...

    def carried(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The labels that are present in some rows: of each the row's place in ``rows``, and its column."""
        ...


class ImageExamples(Examples):
    """A split: a map from lists of indices to batches.

    Args:
        paths: the picture of each row of the annotations.
        annotations: their labels.
        columns: the column of each label number in the targets, or -1.
        labels: labels in the table.
        rows: the rows of this split.
        preparation: how pictures become a model's input.
        seed: of the augmentation; None for evaluation.
        own: the labels of the split's tasks, as columns of the targets; None for classes that nothing divides.
        boxes: those of each row of the annotations; None where none are asked for.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        annotations: LabelledRows,
        *,
        columns: NDArray[np.int64],
        labels: int,
        rows: NDArray[np.int64],
        preparation: Preparation,
        seed: int | None,
        own: NDArray[np.int64] | None,
        boxes: Boxes | None = None,
    ) -> None:
        self._paths, self._annotations, self._columns, self._labels = paths, annotations, columns, labels
        self._rows, self._preparation, self._seed, self._boxes = rows, preparation, seed, boxes
        self._own, self.repeats = own, seed is None

    def __len__(self) -> int:
        return len(self._rows)

    def positives(self) -> Positives:
        """The labels of each picture. None is read for it."""
        return Positives.of(*self._annotations.carried(self._rows, self._columns), len(self), self._labels)

    def carried(self) -> Int64[np.ndarray, " k"]:
        """The labels that some picture carries, as columns of the targets. No picture is read for it."""
        return np.unique(self.positives().columns)

    def names(self, indices: Sequence[int]) -> list[str]:
        """The files, each with the folder that it lies in."""
        return ["/".join(self._paths[row].parts[-2:]) for row in self._rows[np.asarray(indices) % len(self)]]

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples: ``image``, ``targets`` and, where asked for, ``boxes`` and ``box_labels``.

        Raises:
            PictureError: a picture cannot be read.
        """
        rows = self._rows[np.asarray(indices) % len(self)]
        prepare = self._preparation
        if self._seed is None:
            seen = [prepare.viewed(self._paths[row]) for row in rows]
        else:
            chance = Dice((self._seed,), indices).uniform(5)
            seen = [prepare.augmented(self._paths[row], u) for row, u in zip(rows, chance, strict=True)]
        batch = {
            "image": prepare.normalisation.pixels(torch.stack([picture for picture, _ in seen])),
            "targets": self._annotations.targets(rows, self._columns, self._labels),
        }
        if self._boxes is not None:
            batch |= self._boxes.batch(rows, [view for _, view in seen], self._paths)
        return batch


class ScenePictures(ImageExamples, MultiLabelExamples):
    """Pictures of several labels each."""

    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets."""
        assert self._own is not None, "labels are divided"
        return self._own


class ClassPictures(ImageExamples, SingleLabelExamples):
    """Pictures of one class each."""

    def columns(self) -> Int64[np.ndarray, " k"] | None:
        """The classes of the split's tasks, where they are divided."""
        return self._own

    def classes(self) -> Int64[np.ndarray, " len"]:
        """The column of the one label that each picture shows, for episodes. No picture is read for it.

        Raises:
            DataError: a picture shows no label.
        """
        positives = self.positives()
        bare = np.flatnonzero(np.diff(positives.starts) == 0)
        if len(bare):
            others = f", and so do {len(bare) - 1:,} others" if len(bare) > 1 else ""
            shows = f"{self._paths[self._rows[bare[0]]]} shows none{others}"
            raise DataError(f"episodes need pictures that show a label, and {shows}")
        return positives.columns
