"""NUS-WIDE's files: lists of pictures, and a line of zeros and ones for each picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import PRESENT, UNKNOWN
from compose.data.publishers.column_cache import Columns
from compose.data.publishers.publication import PublishedFile
from compose.data.publishers.text_matrix import Ones, read_column, read_matrix
from compose.data.source import DataError
from compose.data.text_file import MOST_LIST, why_unread

IMAGES = PublishedFile(
    ("ImageList/Imagelist.txt", "ImageList/ImageList.txt", "Imagelist.txt", "ImageList.txt"),
    "the list of all pictures (ImageList.zip)",
    8.5,
)
TRAIN = PublishedFile(
    ("ImageList/TrainImagelist.txt", "ImageList/TrainImageList.txt", "TrainImagelist.txt", "TrainImageList.txt"),
    "the list of the training pictures (ImageList.zip)",
    5.1,
)
TEST = PublishedFile(
    ("ImageList/TestImagelist.txt", "ImageList/TestImageList.txt", "TestImagelist.txt", "TestImageList.txt"),
    "the list of the test pictures (ImageList.zip)",
    3.4,
)
CONCEPTS = PublishedFile(("ConceptsList/Concepts81.txt", "Concepts81.txt"), "the names of the 81 concepts", 0.001)
TRUTH = PublishedFile(
    ("Groundtruth/AllLabels", "AllLabels", "Groundtruth/TrainTestLabels", "TrainTestLabels"),
    "a file for each concept, of all pictures or of the two splits (Groundtruth.zip)",
    44,
)
TAGS = PublishedFile(
    ("NUS_WID_Tags/TagList1k.txt", "ConceptsList/TagList1k.txt", "TagList1k.txt"),
    "the names of the 1,000 tags (NUS_WID_Tags.zip)",
    0.008,
)
TAGS_1K = PublishedFile(
    ("NUS_WID_Tags/AllTags1k.txt", "AllTags1k.txt"),
    "which tags users gave to each picture (NUS_WID_Tags.zip)",
    540,
)
TAGS_81 = PublishedFile(
    ("NUS_WID_Tags/AllTags81.txt", "AllTags81.txt"),
    "which of the 81 concepts users gave as tags to each picture (NUS_WID_Tags.zip)",
    44,
    optional="`concepts: tags`",
)
PICTURES = PublishedFile(("Flickr", "images", "Images"), "the photographs, in a folder for each search word", 38_000)


class NusWideFiles(NamedTuple):
    """What is read, and where it lies.

    Args:
        folder: that of the data set.
        images: the list of all pictures.
        train: that of the training pictures.
        test: that of the test pictures.
        concepts: where the concepts of the pictures are: a folder, or the file of the tags.
        tags: where the tags of the pictures are; None where they are not read.
    """

    folder: Path
    images: Path
    train: Path
    test: Path
    concepts: Path
    tags: Path | None


def read_names(path: Path, count: int | None = None) -> list[str]:
    """The names in a list, one a line.

    Args:
        path: the list.
        count: how many there must be; None where any number may.

    Raises:
        DataError: there are others than that, none at all, or one twice.
    """
    if why := why_unread(path, MOST_LIST):
        raise DataError(f"{path}: expected a name on each line, but {why}")
    names = [line.strip() for line in path.read_text("utf-8-sig", errors="replace").splitlines() if line.strip()]
    if not names or (count is not None and len(names) != count):
        expected = "names" if count is None else f"{count:,} names"
        raise DataError(f"{path}: expected {expected}, one a line, got {len(names):,}")
    if len(set(names)) < len(names):
        again = next(name for place, name in enumerate(names) if name in names[:place])
        raise DataError(f"{path}: `{again}` is there twice")
    return names


def read_nus_wide(files: NusWideFiles, tags: Sequence[str], concepts: Sequence[str]) -> Columns:
    """Which labels each picture has: first the tags are numbered, then the concepts.

    Raises:
        DataError: a file is cut off, or does not fit the others.
    """
    names = [_posix(line) for line in _lines(files.images)]
    row = {name: place for place, name in enumerate(names)}
    splits = {name: _rows_of(path, row, files.images) for name, path in (("train", files.train), ("test", files.test))}
    parts: list[Ones] = []
    unknown = Ones(np.zeros(0, np.int64), np.zeros(0, np.int32))
    if files.tags is not None:
        parts.append(read_matrix(files.tags, height=len(names), width=len(tags), of=files.images.name))
    if files.concepts.is_dir():
        truth, unknown = _truth(files, concepts, splits, len(names))
    else:
        truth = read_matrix(files.concepts, height=len(names), width=len(concepts), of=files.images.name)
    parts.append(Ones(truth.rows, truth.columns + np.int32(len(tags))))
    unknown = Ones(unknown.rows, unknown.columns + np.int32(len(tags)))
    return {"images": _images(files.folder, names), **_joined(parts, unknown, len(names)), **splits}


def _joined(parts: Sequence[Ones], unknown: Ones, count: int) -> Columns:
    """The labels of all parts, picture after picture."""
    ones = np.concatenate([part.rows for part in parts])
    rows = np.concatenate([ones, unknown.rows])
    numbers = np.concatenate([*(part.columns for part in parts), unknown.columns])
    values = np.concatenate([np.full(len(ones), PRESENT, np.int8), np.full(len(unknown.rows), UNKNOWN, np.int8)])
    order = np.argsort(rows, kind="stable")
    starts = np.concatenate([[0], np.bincount(rows, minlength=count).cumsum()])
    return {"starts": starts.astype(np.int64), "numbers": numbers[order].astype(np.int32), "values": values[order]}


def _truth(
    files: NusWideFiles, concepts: Sequence[str], splits: dict[str, NDArray[np.int64]], count: int
) -> tuple[Ones, Ones]:
    """Where the concepts' files have ones, and where they have what is neither 0 nor 1."""
    divided = files.concepts.name == "TrainTestLabels"
    places = {"_Train": ("train", files.train), "_Test": ("test", files.test)} if divided else {"": ("", files.images)}
    rows, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
    odd_rows, odd_columns = list(rows), list(columns)
    for number, concept in enumerate(concepts):
        for suffix, (split, of) in places.items():
            path = files.concepts / f"Labels_{concept}{suffix}.txt"
            if not path.is_file():
                raise DataError(f"{path}: there is no such file, though `{concept}` is a concept")
            pictures = splits[split] if split else np.arange(count)
            values, odd = read_column(path, height=len(pictures), of=of.name)
            rows.append(pictures[np.flatnonzero(values)])
            odd_rows.append(pictures[np.array(odd, np.int64) - 1])
            columns.append(np.full(len(rows[-1]), number, np.int32))
            odd_columns.append(np.full(len(odd), number, np.int32))
    return (
        Ones(np.concatenate(rows), np.concatenate(columns)),
        Ones(np.concatenate(odd_rows), np.concatenate(odd_columns)),
    )


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8-sig", errors="replace").splitlines() if line.strip()]


def _posix(line: str) -> str:
    """A picture as the lists write it, ``actor\\0001_2124494179.jpg``, with slashes."""
    return line.strip().replace("\\", "/")


def _rows_of(path: Path, row: dict[str, int], of: Path) -> NDArray[np.int64]:
    """The rows of the pictures of a list.

    Raises:
        DataError: one is not in the list of all pictures.
    """
    names = [_posix(line) for line in _lines(path)]
    for number, name in enumerate(names, 1):
        if name not in row:
            raise DataError(f"{path}:{number}: `{name}` is not in {of.name}; one of the two lists is cut off")
    return np.array([row[name] for name in names], np.int64)


def _images(folder: Path, names: Sequence[str]) -> NDArray[np.bytes_]:
    """Where the pictures lie in the data set's folder."""
    found = PICTURES.find(folder)
    above = PICTURES.name if found is None else found.name
    return np.array([f"{above}/{name}".encode() for name in names])
