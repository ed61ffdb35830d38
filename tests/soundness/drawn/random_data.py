"""Data of noise, so that a spec of any shape trains and evaluates in a fraction of a second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from compose.block import data
from compose.data.classes.single_label import ClassSource, ClassTable, SingleLabelExamples, class_targets
from compose.data.normalisation import NORMALISATIONS
from compose.data.pictures.picture_view import read_picture
from compose.data.source import Count, DataError, DataSource, Examples, LabelTable, PictureSource, Split
from compose.data.vectors.sparse_rows import SparseRows
from compose.data.vectors.vector_examples import VectorExamples

NOUNS = ["dog", "cat", "horse", "cow", "sheep", "wolf", "lion", "tiger", "bear", "fox", "car", "bus", "train", "boat"]
NOUNS += ["bicycle", "table", "chair", "lamp", "sofa", "bed", "apple", "pear", "bread", "cheese"]
SEEDS = {"train": 1, "val": 2, "test": 3}
Size = Annotated[int, Field(ge=4, le=64)]
Share = Annotated[float, Field(ge=0, le=1)]


def synsets(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name}.n.01" for name in names)


def sparse(table: np.ndarray) -> SparseRows:
    rows, columns = table.nonzero()
    return SparseRows.of(rows, columns, table[rows, columns], shape=table.shape)


class Noise(Examples):
    """Noise under random targets.

    Args:
        seed: another seed gives others.
        counts: how many examples.
        shapes: name -> shape of an example.
        columns: the labels that an example may show; each shows one of them at least.
        labels: how many labels there are.
        unknown: the share of the targets that is not known.
    """

    def __init__(
        self,
        seed: int,
        count: int,
        shapes: dict[str, tuple[int, ...]],
        *,
        columns: Sequence[int],
        labels: int,
        unknown: float = 0.0,
    ) -> None:
        dice = torch.Generator().manual_seed(seed)
        self._count = count
        self.values = {name: torch.randn(count, *shape, generator=dice) for name, shape in shapes.items()}
        self.targets = torch.full((count, labels), -1, dtype=torch.int8)
        shown = torch.rand(count, len(columns), generator=dice) < 0.3
        if len(columns):
            first = torch.randint(len(columns), (count, 1), generator=dice)
            shown = shown.scatter(1, first, value=True)
            self.targets[:, list(columns)] = shown.to(torch.int8) * 2 - 1
        self.targets[torch.rand(count, labels, generator=dice) < unknown] = 0

    def __len__(self) -> int:
        return self._count

    def carried(self) -> np.ndarray:
        return np.flatnonzero((self.targets > 0).any(0).numpy())

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        rows = torch.tensor([index % self._count for index in indices], dtype=torch.int64)
        return {name: value[rows] for name, value in self.values.items()} | {"targets": self.targets[rows]}


@data
class RandomPictures(PictureSource):
    """Pictures of noise with several labels each.

    Args:
        seen: labels that may be trained on.
        unseen: the others.
        size: height and width of a picture.
        channels: of a picture.
        train: training pictures.
        val: validation pictures.
        test: test pictures.
        unknown: the share of the targets that is not known.
        bare: whether no picture of the test shows an unseen label.
        boxes: whether examples also hold boxes.
    """

    normalisation = NORMALISATIONS["half"]

    def __init__(
        self,
        *,
        seen: Annotated[int, Field(ge=0, le=16)] = 7,
        unseen: Annotated[int, Field(ge=0, le=8)] = 3,
        size: Size = 16,
        channels: Literal[1, 3] = 3,
        train: Annotated[int, Field(ge=0, le=1000)] = 26,
        val: Annotated[int, Field(ge=0, le=1000)] = 4,
        test: Annotated[int, Field(ge=0, le=1000)] = 10,
        unknown: Share = 0.0,
        bare: bool = False,
        boxes: bool = False,
    ) -> None:
        self._seen, self._unseen, self._shape = seen, unseen, (channels, size, size)
        self._counts = {"train": train, "val": val, "test": test}
        self._unknown, self._bare, self._boxes = unknown, bare, boxes

    @property
    def labels(self) -> LabelTable:
        names = (*NOUNS[: self._seen], *NOUNS[16 : 16 + self._unseen])
        return LabelTable(names, (True,) * self._seen + (False,) * self._unseen, synsets(names))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        boxes = {"boxes": (2, 4), "box_labels": (2, self._seen + self._unseen)}
        return {"image": self._shape, **(boxes if self._boxes else {})}

    def read_image(self, path: Path) -> Tensor:
        return self.normalisation.pixels(read_picture(path, self._shape[-1]))

    def split(self, name: Split) -> Examples:
        labels = self._seen + self._unseen
        shown = self._seen if self._bare or name != "test" else labels
        noise = Noise(
            SEEDS[name],
            self._counts[name],
            {"image": self._shape},
            columns=range(shown),
            labels=labels,
            unknown=self._unknown,
        )
        if self._boxes:
            _, height, width = self._shape
            noise.values["boxes"] = torch.tensor([[1.0, 1, width / 2, height / 2], [2, 2, width - 1, height - 1]])
            noise.values["boxes"] = noise.values["boxes"].expand(len(noise), 2, 4)
            noise.values["box_labels"] = noise.targets.clamp(min=0)[:, None].expand(-1, 2, -1)
        return noise


@data
class RandomClasses(ClassSource):
    """Pictures of noise of one class each, in groups of two classes.

    Args:
        classes: how many classes train, val and test have.
        pictures: of each class.
        size: height and width of a picture.
        channels: of a picture.
        grouped: whether the classes belong to groups.
    """

    normalisation = NORMALISATIONS["half"]
    gives = ("image", "parents.targets")

    def __init__(
        self,
        *,
        classes: tuple[Count, Annotated[int, Field(ge=0, le=6)], Annotated[int, Field(ge=0, le=6)]] = (5, 3, 4),
        pictures: Count = 4,
        size: Size = 16,
        channels: Literal[1, 3] = 1,
        grouped: bool = True,
    ) -> None:
        self._classes, self._pictures, self._grouped = classes, pictures, grouped
        self._shape = (channels, size, size)

    @property
    def table(self) -> ClassTable:
        train, val, test = self._classes
        splits: tuple[Split, ...] = ("train",) * train + ("val",) * val + ("test",) * test
        names = tuple(NOUNS[: len(splits)])
        groups = tuple(f"group {place // 2}" for place in range(len(names)))
        return ClassTable(names, splits, groups if self._grouped else None, synsets(names))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"image": self._shape}

    def read_image(self, path: Path) -> Tensor:
        return self.normalisation.pixels(read_picture(path, self._shape[-1]))

    def split(self, name: Split) -> SingleLabelExamples:
        columns = np.repeat(self.table.columns(name), self._pictures)
        return ClassNoise(SEEDS[name], columns, self._shape, len(self.table.names))


class ClassNoise(SingleLabelExamples):
    """Noise that shows one class an example."""

    def __init__(self, seed: int, classes: np.ndarray, shape: tuple[int, ...], labels: int) -> None:
        self._classes, self._labels = classes, labels
        self._images = torch.randn(len(classes), *shape, generator=torch.Generator().manual_seed(seed))

    def __len__(self) -> int:
        return len(self._classes)

    def classes(self) -> np.ndarray:
        return self._classes

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        rows = np.asarray(indices, np.int64) % len(self)
        return {"image": self._images[rows], "targets": class_targets(self._classes[rows], self._labels)}


@data
class RandomFeatures(DataSource):
    """Feature vectors of noise with several labels each, whose tasks are drawn by label.

    Args:
        seen: labels of the training examples.
        val: labels of the validation examples.
        test: labels of the test examples.
        size: of a feature vector.
        examples: in each split.
    """

    gives = ("features",)

    def __init__(
        self,
        *,
        seen: Annotated[int, Field(ge=1, le=8)] = 6,
        val: Annotated[int, Field(ge=0, le=8)] = 3,
        test: Annotated[int, Field(ge=0, le=8)] = 4,
        size: Annotated[int, Field(ge=1, le=64)] = 9,
        examples: Count = 16,
    ) -> None:
        self._labels, self._size, self._examples = (seen, val, test), size, examples

    @property
    def labels(self) -> LabelTable:
        seen, val, test = self._labels
        names = tuple(NOUNS[: sum(self._labels)])
        return LabelTable(names, (True,) * seen + (False,) * (val + test), synsets(names))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"features": (self._size,)}

    def split(self, name: Split) -> VectorExamples:
        place = list(SEEDS).index(name)
        first = sum(self._labels[:place])
        columns = np.arange(first, first + self._labels[place])
        if not len(columns):
            raise DataError(f"there are no labels in the split `{name}`")
        labels = sum(self._labels)
        noise = Noise(SEEDS[name], self._examples, {"features": (self._size,)}, columns=columns, labels=labels)
        carried = noise.targets.clamp(min=0).numpy()
        return VectorExamples(
            sparse(noise.values["features"].numpy()),
            sparse(carried),
            rows=np.arange(self._examples) + 1000 * place,
            columns=columns,
        )
