"""Ravi and Larochelle's lists of MiniImageNet's pictures: a CSV file for each split."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from compose.block import BlockError
from compose.data.classes.imagenet_classes import WORDNET_ID, class_names
from compose.data.classes.single_label import ClassTable
from compose.data.source import Split
from compose.graphs.taxonomy.taxonomy import load_taxonomy

SPLITS: tuple[Split, ...] = ("train", "val", "test")
_COLUMNS = ("filename", "label")


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
        message = f"{path}: expected rows of the columns `filename` and `label`, got the header {','.join(head)!r}"
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
