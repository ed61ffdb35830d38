"""Which of many pictures are there, with one look at each folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.folders import entries_of


def present_pictures(folder: Path, images: NDArray[np.bytes_]) -> NDArray[np.bool_]:
    """Whether each picture is there.

    Args:
        folder: the data set's.
        images: the pictures in it, as bytes of UTF-8.
    """
    names: dict[str, set[str]] = {}
    found = np.zeros(len(images), bool)
    for row, image in enumerate(images.tolist()):
        above, _, name = image.decode("utf-8").rpartition("/")
        if above not in names:
            names[above] = _names(folder / above)
        found[row] = name in names[above]
    return found


def _names(folder: Path) -> set[str]:
    return {path.name for path in entries_of(folder)} if folder.is_dir() else set()
