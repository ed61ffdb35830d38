"""The folder and the label files of a user's data, checked when a spec names them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError
from compose.data.folders import entries_of, is_picture
from compose.data.pictures.picture_identity import file_of
from compose.data.source import DataError
from compose.errors import nearest

_LABEL_FILES = (".csv", ".tsv", ".jsonl", ".ndjson")


class PicturePaths(Sequence[Path]):
    """The file of each row, made when asked for: a path takes more memory and time than a name.

    Args:
        folder: where relative names start.
        images: the pictures as the label files name them, with slashes of either kind; names that many files hold are
            kept as their bytes.
    """

    def __init__(self, folder: Path, images: Sequence[str] | NDArray[np.bytes_]) -> None:
        self._folder, self._images = folder, images

    def __len__(self) -> int:
        return len(self._images)

    @overload
    def __getitem__(self, row: int) -> Path: ...
    @overload
    def __getitem__(self, row: slice) -> list[Path]: ...
    def __getitem__(self, row: int | slice) -> Path | list[Path]:
        """The path of a row, or of several."""
        if isinstance(row, slice):
            return [self[number] for number in range(len(self))[row]]
        image = self._images[row]
        return Path(file_of(self._folder, image if isinstance(image, str) else bytes(image).decode("utf-8")))


def folder_of_images(folder: Path) -> Path:
    """The folder, a leading ``~`` replaced.

    Raises:
        BlockError: it is none.
    """
    folder = Path(folder).expanduser()
    if os.path.isfile(folder):
        raise BlockError(f"expected a folder of pictures, got the file {folder}", parameter="folder")
    if not os.path.isdir(folder):
        raise BlockError(f"there is no folder {folder}{_there(folder, folders=True)}", parameter="folder")
    return folder


def label_files(labels: Path | None, splits: Mapping[str, Path | None]) -> dict[str, tuple[str, Path]]:
    """The label files by the parameter that names them: the split of their rows, empty where they tell, and the path.

    Args:
        labels: one file for all pictures.
        splits: instead of it, a file for each split.

    Raises:
        BlockError: both kinds are given, or one does not exist.
    """
    given = {split: (split, path) for split, path in splits.items() if path is not None}
    if labels is not None and given:
        message = f"expected either `labels` for all pictures or a file for each split, got `{next(iter(given))}` too"
        raise BlockError(message, parameter="labels")
    if labels is not None:
        given = {"labels": ("", labels)}
    files = {parameter: (split, Path(path).expanduser()) for parameter, (split, path) in given.items()}
    for parameter, (_, path) in files.items():
        if not os.path.exists(path):
            raise BlockError(f"there is no label file {path}{_there(path, folders=False)}", parameter=parameter)
    return files


def with_suffixes(folder: Path, images: Sequence[str]) -> list[str]:
    """Pictures by names in full, where label files leave out their extension, as Open Images' do.

    Args:
        folder: where relative names start.
        images: the pictures as label files name them.
    """
    found = list(images)
    lacking = [
        i for i, image in enumerate(images) if not is_picture(image) and not os.path.exists(file_of(folder, image))
    ]
    there: dict[Path, dict[str, list[str]]] = {}
    for i in lacking:
        path = Path(file_of(folder, images[i]))
        if path.parent not in there:
            there[path.parent] = _by_stem(path.parent)
        match = there[path.parent].get(path.name, [])
        found[i] = images[i] + Path(match[0]).suffix if len(match) == 1 else images[i]
    return found


def _by_stem(folder: Path) -> dict[str, list[str]]:
    """The pictures in a folder by their names without extension."""
    found: dict[str, list[str]] = {}
    for path in entries_of(folder) if os.path.isdir(folder) else ():
        if is_picture(path.name):
            found.setdefault(path.stem, []).append(path.name)
    return found


def _there(path: Path, *, folders: bool) -> str:
    """What the user may have meant: what is in the folder above."""
    if not os.path.isdir(path.parent):
        return f" (nor {path.parent})"
    try:
        siblings = entries_of(path.parent)
    except DataError as error:
        return f" ({error})"
    names = [p.name for p in siblings if (os.path.isdir(p) if folders else p.suffix.lower() in _LABEL_FILES)]
    close = nearest(path.name, names)
    if close:
        return f"; did you mean `{path.with_name(close)}`?"
    listed = ", ".join([*names[:8], *(["..."] if len(names) > 8 else [])])
    return f" (there are: {listed})" if names else ""
