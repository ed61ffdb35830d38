"""The data source ``mini_imagenet``: 100 classes of ImageNet in Ravi and Larochelle's division."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, data
from compose.data.classes.single_label import ClassExamples, ClassSource, ClassTable, too_few
from compose.data.classes.wordnet_classes import WORDNET_ID, class_names
from compose.data.counter_random import Dice
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_reader import PictureReader
from compose.data.pictures.image_examples import Augment, Fit, Preparation
from compose.data.pictures.image_files import PicturePaths, folder_of_images
from compose.data.pictures.picture_check import check_pictures
from compose.data.pictures.picture_identity import identities
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.quoted import titles_text
from compose.data.reader_source import ReaderSource
from compose.data.source import SPLITS, Split
from compose.graphs.taxonomy.taxonomy import load_taxonomy

_COLUMNS = ("filename", "label")


@data(name="mini_imagenet")
class MiniImageNet(ReaderSource, ClassSource):
    """MiniImageNet's photographs: 64 classes for training, 16 for validation and 20 for the test, 600 pictures each.

    `train.csv`, `val.csv` and `test.csv` name the pictures and the WordNet id of each one's class, in columns
    `filename` and `label`. Any other pictures listed so serve as well, as long as no class is in two of the files.

    Args:
        folder: where the pictures are; where not given, `mini-imagenet` in the folder that `COMPOSE_DATA` or
            `--data-root` names.
        lists: where the three lists are; if not given, with the pictures or in the folder above.
        size: height and width of the pictures as the model gets them.
        augment: training pictures are cropped and flipped at random, flipped only, or taken as in evaluation.
        crop: the least and the greatest share of a picture's area that a random crop keeps.
        fit: in evaluation the picture is squashed to a square, as is usual here, or its middle is cut out.
        normalisation: `imagenet` suits weights trained on ImageNet; `half` maps black to -1 and white to 1;
            `cifar` has the numbers of CIFAR's pictures.
        seed: another seed augments otherwise.
    """

    beside_test = frozenset({"size", "augment", "crop", "fit", "normalisation"})
    publication = Publication(
        title="MiniImageNet",
        folder="mini-imagenet",
        page="ImageNet's site (the pictures), and the code of Ravi and Larochelle's meta-learner LSTM (the lists)",
        files=(
            PublishedFile(("train.csv", "../train.csv"), "the list of 38,400 training pictures", 1.3),
            PublishedFile(("val.csv", "../val.csv"), "the list of 9,600 validation pictures", 0.3),
            PublishedFile(("test.csv", "../test.csv"), "the list of 12,000 test pictures", 0.4),
        ),
        counts={"labels": 100, "seen": 64, "unseen": 36, "train": 38_400, "val": 9_600, "test": 12_000},
    )

    def __init__(
        self,
        folder: Path | None = None,
        *,
        lists: Path | None = None,
        size: Annotated[int, Field(ge=16, le=512)] = 84,
        augment: Augment = "none",
        crop: tuple[float, float] = (0.35, 1.0),
        fit: Fit = "squash",
        normalisation: NormalisationName = "imagenet",
        seed: int = 0,
    ) -> None:
        if not 0 < crop[0] <= crop[1] <= 1:
            raise BlockError(f"expected two shares above 0, the lesser first, got {list(crop)}", parameter="crop")
        self._folder = folder_of_images(data_folder(None, self.publication.folder) if folder is None else folder)
        self._lists = {split: read_list(path) for split, path in list_files(self._folder, lists).items()}
        self._ids, self._table = listed_classes(self._lists)
        self.normalisation, self._seed = NORMALISATIONS[normalisation], seed
        self.preparation = Preparation(size, augment, crop, fit, self.normalisation)

    @property
    def table(self) -> ClassTable:
        """The classes; those of a WordNet id have its synset and its first word as their name."""
        return self._table

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape."""
        return {"image": (3, self.preparation.size, self.preparation.size)}

    def split(self, name: Split) -> ListedPictures:
        """The examples of a split."""
        column = {wordnet_id: number for number, wordnet_id in enumerate(self._ids)}
        return ListedPictures(
            PicturePaths(self._folder, self._lists[name].images),
            np.array([column[wordnet_id] for wordnet_id in self._lists[name].ids], np.int64),
            count=len(column),
            preparation=self.preparation,
            seed=self._seed if name == "train" and self.preparation.augment != "none" else None,
        )

    def check(self) -> list[str]:
        """Read every picture; a line for each that cannot be read, and for each class with too few."""
        images = [image for split in SPLITS for image in self._lists[split].images]
        pictures = Counter(wordnet_id for split in SPLITS for wordnet_id in self._lists[split].ids)
        paths = PicturePaths(self._folder, images)
        few = too_few(self.table, [pictures[wordnet_id] for wordnet_id in self._ids]) + self._twice()
        if not any(path.exists() for path in paths):
            return [f"none of the {len(images):,} pictures is there, such as {paths[0]}: is `folder` right?", *few]
        return [f"{images[row]}: {reason}" for row, reason in check_pictures(paths, decode=True).faults.items()] + few

    def _twice(self) -> list[str]:
        """A line for each picture that is listed again, under whatever name."""
        listed = [(split, image) for split in SPLITS for image in self._lists[split].images]
        first: dict[str, tuple[Split, str]] = {}
        found = []
        for file, here in zip(identities(self._folder, [image for _, image in listed]), listed, strict=True):
            there = first.setdefault(file, here)
            if there is not here:
                found.append(f"{here[1]} ({here[0]}.csv) is listed already, as {there[1]} ({there[0]}.csv)")
        return found

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.prepared(self.preparation)


class ListedPictures(ClassExamples):
    """A split of pictures that are read as they are asked for.

    Args:
        paths: the pictures.
        classes: the class of each.
        count: how many classes there are in all splits.
        preparation: how pictures become a model's input.
        seed: of the augmentation; None for evaluation.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        classes: NDArray[np.int64],
        *,
        count: int,
        preparation: Preparation,
        seed: int | None,
    ) -> None:
        super().__init__(classes, count)
        self._paths, self._preparation, self._seed = paths, preparation, seed

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b 3 h w"]:
        """The pictures of a batch, normalised.

        Raises:
            PictureError: a picture cannot be read.
        """
        prepare, paths = self._preparation, [self._paths[row] for row in rows]
        if self._seed is None:
            seen = [prepare.plain(path) for path in paths]
        else:
            chance = Dice((self._seed,), indices).uniform(5)
            seen = [prepare.augmented(path, u)[0] for path, u in zip(paths, chance, strict=True)]
        return prepare.normalisation.pixels(torch.stack(seen))


class ListedSplit(NamedTuple):
    """A split's pictures, and the class of each by its id."""

    images: list[str]
    ids: list[str]


def list_files(folder: Path, lists: Path | None) -> dict[Split, Path]:
    """The list of each split.

    Args:
        folder: where the pictures are.
        lists: where the lists are; if not given, there or in the folder above.

    Raises:
        BlockError: one is missing.
    """
    places = [folder, folder.parent] if lists is None else [Path(lists).expanduser()]
    place = next((place for place in places if (place / "train.csv").is_file()), places[0])
    files: dict[Split, Path] = {split: place / f"{split}.csv" for split in SPLITS}
    missing = [path for path in files.values() if not path.is_file()]
    if missing:
        raise BlockError(f"expected train.csv, val.csv and test.csv, but there is no {missing[0]}", parameter="lists")
    return files


def read_list(path: Path) -> ListedSplit:
    """The pictures and classes in a list.

    Raises:
        BlockError: it cannot be read, or has other columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = [row for row in csv.reader(file) if row] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BlockError(f"{path}: cannot be read ({error})", parameter="lists") from None
    if not set(_COLUMNS) <= set(head) or any(len(row) != len(head) for row in rows) or not rows:
        message = f"{path}: expected rows of the columns `filename` and `label`, got {titles_text(head)}"
        raise BlockError(message, parameter="lists")
    image, label = (head.index(column) for column in _COLUMNS)
    return ListedSplit([row[image] for row in rows], [row[label] for row in rows])


def listed_classes(lists: dict[Split, ListedSplit]) -> tuple[tuple[str, ...], ClassTable]:
    """The ids of all classes, and what is known of them; training's come first.

    Raises:
        BlockError: a class is in two lists.
    """
    splits: dict[str, Split] = {}
    for split, listed in lists.items():
        for wordnet_id in sorted(set(listed.ids)):
            if wordnet_id in splits:
                message = f"expected classes of its own in each list, but `{wordnet_id}` is in"
                raise BlockError(f"{message} {splits[wordnet_id]}.csv and {split}.csv", parameter="lists")
            splits[wordnet_id] = split
    ids, taxonomy = tuple(splits), load_taxonomy()
    known = all(WORDNET_ID.fullmatch(each) and taxonomy.from_wordnet_id(each) is not None for each in ids)
    names = class_names(taxonomy, ids) if known else ids
    return ids, ClassTable(names, tuple(splits.values()), synsets=ids if known else None)
