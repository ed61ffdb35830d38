"""Pictures in a folder for each class, ``FOLDER/cat/1.jpg`` or ``FOLDER/train/cat/1.jpg``; the folders are labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compose.data.folders import PictureWalk, entries_of, folders_in, is_picture, is_unread_picture
from compose.data.pictures.annotations import ABSENT, PRESENT, Annotations
from compose.data.pictures.labels.label_file import SPLIT_NAMES, label_name
from compose.data.source import DataError
from compose.errors import listed


def read_class_folders(folder: Path) -> Annotations:
    """A row for each picture; none where there are no folders with pictures in them.

    Where all folders are called train, val or test, they are the splits, and the classes are inside them.

    Args:
        folder: where the folders are.

    Raises:
        DataError: a folder cannot be read, they hold little else than other files, or pictures that cannot be read.
    """
    found, walk = Annotations(), PictureWalk()
    splits = {place: SPLIT_NAMES.get(place.name.lower()) for place in folders_in(folder)}
    divided = bool(splits) and all(splits.values()) and any(map(folders_in, splits))
    empty: list[str] = []
    for place, split in splits.items():
        for inside in folders_in(place) if divided else [place]:
            if not _add(found, walk, folder, inside, split=(split or "") if divided else ""):
                empty.append(str(inside.relative_to(folder)))
    if walk.unread and not len(found):
        raise DataError(walk.note)
    if len(found):
        found.files.append(folder)
        labels = listed([*found.names])
        found.note(0, f"no label file is given; the folders are the {len(found.names):,} labels: {labels}")
        if empty:
            found.note(0, f"folders without pictures are left out: {listed(empty)}")
        loose = [path.name for above in (folder, *(splits if divided else ())) for path in entries_of(above)]
        if walk.unread:
            found.note(0, walk.note)
        if loose := [name for name in loose if is_picture(name) or is_unread_picture(name)]:
            found.note(0, f"pictures in no folder of a class are left out: {listed(loose)}")
    return found


def _add(found: Annotations, walk: PictureWalk, folder: Path, inside: Path, *, split: str) -> bool:
    """Add the pictures of a class; whether there are any."""
    pictures = walk.pictures_in(inside)
    if pictures:
        found.files.append(inside)
        number = found.number(label_name(inside.name), 0)
        for path in pictures:
            name = path.relative_to(folder).as_posix()
            found.add(name, [number], [PRESENT], rest=ABSENT, split=split, line=0)
    return bool(pictures)


def shows_several(annotations: Annotations) -> bool:
    """Whether some picture shows several labels."""
    return bool((annotations.present(np.arange(len(annotations)))[1] > 1).any())


def without_training(annotations: Annotations) -> list[str]:
    """The labels of no training picture, where pictures have splits: as the classes of few-shot data."""
    if not any(annotations.splits):
        return []
    rows = np.flatnonzero(np.array(annotations.splits) == "train")
    counts, _ = annotations.present(rows)
    return [name for name, number in annotations.names.items() if not counts[number]]
