"""The data source ``cifar100``: 100 classes of small photographs, divided by their superclasses."""

from __future__ import annotations

from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray

from compose.block import BlockError, data
from compose.data.classes.photographs import Move, Photographs
from compose.data.classes.single_label import ClassSource, ClassTable, too_few
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_reader import PictureReader
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.reader_source import ReaderSource
from compose.data.source import DataError, Split

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR100


_FOLDER = "cifar-100-python"
_FILES = ("train", "test", "meta")
Difficulty = Literal["easy", "moderate", "hard"]


@data
class Cifar100(ReaderSource, ClassSource):
    """CIFAR-100's photographs, with classes of its 20 superclasses kept apart for validation and test.

    How far the test's 20 classes are from those of training follows Meta-CIFAR100: `easy` takes one class from each
    superclass, `moderate` two or three from each of 7, and `hard` all classes of 4. The 16 for validation
    (15 where hard) were drawn likewise.

    A split has all 600 pictures of its classes, of both files. They are read by torchvision, which refuses files other
    than the published ones by their checksums, and are kept in memory. Superclasses are the parents.

    Reference: STANet (AAAI 2019), section 5.2.

    Deviates: the paper does not name its classes; those in `cifar100.tsv` were drawn by its rules.

    Args:
        folder: where the folder `cifar-100-python` is, or that folder; where not given, `cifar-100` in the folder that
            `COMPOSE_DATA` or `--data-root` names.
        difficulty: which classes are kept from training.
        validation: whether validation has classes of its own; if not, they are trained on, as in the paper.
        augment: training pictures are moved by up to 4 pixels and flipped at random, flipped only, or as they are.
        normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet;
            `cifar` has the numbers of CIFAR's pictures.
        seed: another seed augments otherwise.
    """

    gives = ("image", "parents.targets")

    beside_test = frozenset({"augment", "normalisation"})
    publication = Publication(
        title="CIFAR-100",
        folder="cifar-100",
        page="The CIFAR-10 dataset, Alex Krizhevsky's page at the University of Toronto (the python version)",
        files=(
            PublishedFile(("cifar-100-python/train", "train"), "50,000 pictures", 155),
            PublishedFile(("cifar-100-python/test", "test"), "10,000 pictures", 31),
            PublishedFile(("cifar-100-python/meta", "meta"), "the names of the classes", 0.001),
        ),
        counts={"labels": 100, "seen": 64, "unseen": 36, "train": 38_400, "val": 9_600, "test": 12_000},
    )

    def __init__(
        self,
        folder: Path | None = None,
        *,
        difficulty: Difficulty = "easy",
        validation: bool = True,
        augment: Move = "none",
        normalisation: NormalisationName = "half",
        seed: int = 0,
    ) -> None:
        where = data_folder(None, self.publication.folder) if folder is None else Path(folder).expanduser()
        self._folder = _checked(where)
        self._table = meta_cifar100(difficulty, validation=validation)
        self.normalisation, self._augment, self._seed = NORMALISATIONS[normalisation], augment, seed

    @property
    def table(self) -> ClassTable:
        """The classes and their superclasses."""
        return self._table

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape."""
        return {"image": (3, 32, 32)}

    def split(self, name: Split) -> Photographs:
        """The examples of a split.

        Raises:
            DataError: the files are not CIFAR-100's, or the split has no classes.
        """
        pictures, classes = self._stored
        rows = np.flatnonzero(np.isin(classes, self.table.columns(name)))
        if not len(rows):
            raise DataError(f"there are no pictures in the split `{name}`")
        return Photographs(
            torch.from_numpy(pictures[rows]),
            classes[rows],
            count=len(self.table.names),
            normalisation=self.normalisation,
            augment=self._augment if name == "train" else "none",
            seed=self._seed,
        )

    def check(self) -> list[str]:
        """Read the files and return what is wrong with them."""
        try:
            _, classes = self._stored
        except DataError as error:
            return [str(error)]
        return too_few(self.table, np.bincount(classes, minlength=len(self.table.names)).tolist())

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.middle(32, self.normalisation)

    @cached_property
    def _stored(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The pictures ``n 3 h w`` of both files, and their classes."""
        parts = [_read(self._folder, train=train, names=self.table.names) for train in (True, False)]
        pictures = rearrange(np.concatenate([part.data for part in parts]), "n h w c -> n c h w")
        return pictures, np.array([target for part in parts for target in part.targets], np.int64)


def _checked(folder: Path) -> Path:
    """The folder above ``cifar-100-python``.

    Raises:
        BlockError: the files are not there.
    """
    if folder.name == _FOLDER:
        folder = folder.parent
    missing = [name for name in _FILES if not Path(folder, _FOLDER, name).is_file()]
    if missing:
        packed = Path(folder, f"{_FOLDER}.tar.gz")
        hint = f"; unpack {packed}" if packed.is_file() else ""
        message = f"expected the files train, test and meta in {folder / _FOLDER}, but there is no {missing[0]}{hint}"
        raise BlockError(message, parameter="folder")
    return folder


def _read(folder: Path, *, train: bool, names: tuple[str, ...]) -> CIFAR100:
    """One of the two files. torchvision unpickles it, but only after its checksum proved it to be the published one.

    Raises:
        DataError: it is another file.
    """
    from torchvision.datasets import CIFAR100

    try:
        part = CIFAR100(str(folder), train=train, download=False)
    except RuntimeError:
        message = "expected CIFAR-100's files as published, but their checksums differ: download and unpack them again"
        raise DataError(f"{folder / _FOLDER}: {message}") from None
    if tuple(part.classes) != names:
        raise DataError(f"{folder / _FOLDER}: expected CIFAR-100's 100 class names, got {len(part.classes)} others")
    return part


@cache
def meta_cifar100(difficulty: Difficulty, *, validation: bool = True) -> ClassTable:
    """The classes in CIFAR-100's order, their superclasses, and their splits."""
    lines = files(__package__).joinpath("cifar100.tsv").read_text("utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines)
    names, parents, *divisions = zip(*rows, strict=True)
    splits = divisions[head.index(difficulty) - 2]
    if not validation:
        splits = tuple("train" if split == "val" else split for split in splits)
    return ClassTable(names, cast(tuple[Split, ...], splits), parents)
