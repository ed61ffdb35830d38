"""What the sources of published multi-label data have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Int64
from numpy.typing import NDArray
from pydantic import Field

from compose.block import BlockError, MayChange
from compose.data.counter_random import by_lot
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_labels import divided_labels
from compose.data.picture_reader import PictureReader
from compose.data.pictures.boxes import Boxes
from compose.data.pictures.image_examples import Augment, Fit, Preparation, ScenePictures
from compose.data.pictures.image_files import PicturePaths
from compose.data.pictures.picture_check import check_pictures
from compose.data.publishers.column_cache import Columns
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.present_pictures import present_pictures
from compose.data.publishers.publication import PublishedFile
from compose.data.publishers.published_labels import PublishedLabels
from compose.data.reader_source import ReaderSource
from compose.data.source import SPLITS, DataError, LabelTable, Share, Split
from compose.errors import listed

_STREAM = 17
"""Tells the lot of validation pictures from other random numbers of the same seed."""
SAMPLE = 500
"""Pictures of each split that are looked at before training, where not all are."""
Look = Literal["sample", "full"]


class PublishedExamples(ScenePictures):
    """A split of published pictures."""

    def carried(self) -> Int64[np.ndarray, " k"]:
        """The labels that some picture carries, as columns of the targets. No picture is read for it."""
        _, columns = self._annotations.carried(self._rows, self._columns)
        return np.flatnonzero(np.bincount(columns, minlength=self._labels))


class PublishedSource(ReaderSource):
    """Photographs with several labels each, in the files that their publisher offers.

    A source opens its files when it is made (:meth:`_open`), which gives their columns and its labels.
    """

    beside_test = frozenset({"size", "augment", "crop", "fit", "normalisation", "boxes", "pictures"})
    example_protocol = "example_split"
    validation: float = 0.0
    """The share of the training pictures that are for validation, where the publisher has none for it."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        without_labels: Literal["keep", "drop"] = "keep",
        missing: Literal["fail", "skip"] = "fail",
        size: Annotated[int, Field(ge=16, le=2048)] = 224,
        augment: Augment = "crop",
        crop: tuple[Share, Share] = (0.35, 1.0),
        fit: Fit = "middle",
        normalisation: NormalisationName = "imagenet",
        boxes: bool = False,
        pictures: Annotated[Look, MayChange()] = "sample",
        seed: int = 0,
    ) -> None:
        """Set where the files lie and how pictures are read.

        Args:
            folder: where the publisher's files lie, unpacked; None for the folder of all data.
            without_labels: whether pictures are kept that have none of the labels in use: in training and validation
                none of the seen ones.
            missing: `fail` refuses to train while a picture is missing; `skip` leaves out those that are.
            size: height and width of the pictures as the model gets them.
            augment: training pictures are cropped and flipped at random, flipped only, or taken as in evaluation.
            crop: the least and the greatest share of a picture's area that a random crop keeps.
            fit: in evaluation the middle is cut out, or the picture is squashed to a square.
            normalisation: `imagenet` suits weights trained on ImageNet; `half` maps black to -1 and white to 1;
                `cifar` has the numbers of CIFAR's pictures, which some released code uses for others.
            boxes: whether examples also hold `boxes` and `box_labels`, for localisation, where the publisher has boxes.
            pictures: before training 500 pictures of each split are read (`sample`), or all of them (`full`).
            seed: another seed augments otherwise, and draws other pictures for validation.
        """
        if not 0 < crop[0] <= crop[1]:
            raise BlockError(f"expected two shares above 0, the lesser first, got {list(crop)}", parameter="crop")
        publication = self.publication
        assert publication is not None
        self.folder = data_folder(folder, publication.folder)
        self.normalisation = NORMALISATIONS[normalisation]
        self._preparation = Preparation(size, augment, crop, fit, self.normalisation)
        self._labelled_only, self._skip, self._full = without_labels == "drop", missing == "skip", pictures == "full"
        self._seed, self._with_boxes = seed, boxes

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return self._table_labels

    def _open(self, *, all_seen: bool) -> None:
        """Read the files, or what is kept of them, and work out the labels.

        Args:
            all_seen: whether all labels are seen.

        Raises:
            BlockError: some are missing, or cut off.
        """
        try:
            self._columns = self._read()
        except (DataError, OSError) as error:
            raise BlockError(str(error), parameter="folder") from None
        self._labels_of_pictures = PublishedLabels.of(self._columns, rest=self._rest)
        table = self._table()
        self._table_labels = replace(table, seen=(True,) * len(table.names)) if all_seen else table

    @abstractmethod
    def _read(self) -> Columns:
        """Which labels each picture has, see :class:`PublishedLabels`, and the pictures of each split.

        Raises:
            DataError: files are missing, or not as published.
        """

    @abstractmethod
    def _table(self) -> LabelTable:
        """The labels in use, and which of them are seen."""

    _rest: ClassVar[int]
    """The value of the labels that a picture does not list."""

    @property
    @abstractmethod
    def _number_columns(self) -> NDArray[np.int64]:
        """For each label number of the files its column in the targets, or -1."""

    def _found(self, *files: PublishedFile) -> list[Path]:
        assert self.publication is not None
        return self.publication.require(self.folder, *files)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape, and the boxes' where they are asked for."""
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self._preparation.size, self._preparation.size)}
        return shapes if self._boxes is None else shapes | self._boxes.shapes

    @cached_property
    def _boxes(self) -> Boxes | None:
        return self._read_boxes() if self._with_boxes else None

    def _read_boxes(self) -> Boxes:
        """The boxes of all pictures.

        Raises:
            BlockError: the publisher has none.
        """
        raise BlockError(f"`{self.name}` has no boxes", parameter="boxes")

    def split(self, name: Split) -> PublishedExamples:
        """The examples of a split.

        Raises:
            DataError: it has none.
        """
        rows = self._rows[name]
        if not len(rows):
            hint = "; say `validation: 0.1`, or another share of those for training" if name == "val" else ""
            raise DataError(f"there are no pictures in the split `{name}`{hint}")
        return PublishedExamples(
            self._paths,
            self._labels_of_pictures,
            columns=self._number_columns,
            labels=len(self.labels.names),
            rows=rows,
            preparation=self._preparation,
            seed=self._seed if name == "train" and self._preparation.augment != "none" else None,
            own=divided_labels(self.labels, None, seed=self._seed).columns(name),
            boxes=self._boxes,
        )

    @cached_property
    def _paths(self) -> PicturePaths:
        return PicturePaths(self.folder, self._labels_of_pictures.images)

    @cached_property
    def _rows(self) -> Mapping[Split, NDArray[np.int64]]:
        """The pictures of each split."""
        rows: dict[Split, NDArray[np.int64]] = self._published_rows()
        if self._skip:
            there = present_pictures(self.folder, self._labels_of_pictures.images)
            rows = {split: of_split[there[of_split]] for split, of_split in rows.items()}
        if self._labelled_only:
            rows = {split: self._with_labels(split, of_split) for split, of_split in rows.items()}
        return rows

    def _published_rows(self) -> dict[Split, NDArray[np.int64]]:
        """The publisher's division, where need be with validation pictures drawn from those for training."""
        found: dict[Split, NDArray[np.int64]] = {
            split: np.asarray(self._columns[split], np.int64) for split in SPLITS if split in self._columns
        }
        if "val" not in found:
            train = found["train"]
            drawn = by_lot((self._seed, _STREAM), range(len(train)))
            count = round(self.validation * len(train))
            found["val"], found["train"] = train[np.sort(drawn[:count])], train[np.sort(drawn[count:])]
        return found

    def _with_labels(self, split: Split, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        columns = self._number_columns.copy()
        if split != "test":
            seen = np.array([*self.labels.seen, False])  # the last is that of -1
            columns[~seen[columns]] = -1
        return self._labels_of_pictures.with_any(rows, columns)

    def check(self) -> list[str]:
        """Look at pictures and return what is wrong with those that cannot be read, one line each."""
        found: list[str] = []
        for split in SPLITS:
            rows = self._rows[split]
            looked = rows if self._full else rows[np.linspace(0, len(rows) - 1, min(SAMPLE, len(rows))).astype(int)]
            paths = [self._paths[row] for row in looked.tolist()]
            faults = check_pictures(paths, decode=self._full).faults
            found += [f"{paths[place]}: {fault}" for place, fault in faults.items()]
        return found

    def notes(self) -> list[str]:
        """Counts other than the publisher's, and labels that no picture shows."""
        told = [f"{self.folder}: {line}" for line in self._other_counts()]
        if self._skip and (gone := sum(map(len, self._published_rows().values())) - sum(map(len, self._rows.values()))):
            told.append(f"{gone:,} pictures are left out, as they are missing or have none of the labels in use")
        return told

    def _other_counts(self) -> list[str]:
        assert self.publication is not None
        wanted = self.publication.counts
        differ = [
            f"{count:,} pictures in `{split}` where the publisher has {wanted[split]:,}"
            for split, count in self.published_counts().items()
            if split in wanted and count != wanted[split]
        ]
        return [f"counts differ from the publisher's: {listed(differ)}"] if differ else []

    def published_counts(self) -> dict[str, int]:
        """How many pictures each of the publisher's splits has in the files, whatever the options leave out."""
        return {split: len(self._columns[split]) for split in SPLITS if split in self._columns}

    def content(self) -> str:
        """A digest of the pictures' names, their labels and their splits."""
        digest = sha256()
        for name in sorted(self._columns):
            digest.update(np.ascontiguousarray(self._columns[name]).data)
        for split in SPLITS:
            digest.update(np.ascontiguousarray(self._rows[split]).data)
        return digest.hexdigest()

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.prepared(self._preparation)


def label_columns_of(table: LabelTable, names: Sequence[str]) -> NDArray[np.int64]:
    """For each label of the files its column in a table, or -1."""
    column = {name: place for place, name in enumerate(table.names)}
    return np.array([column.get(name, -1) for name in names], np.int64)
