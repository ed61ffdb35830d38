"""Which names mean the same picture: ``sub/a.jpg``, ``sub\\a.jpg``, ``./sub/a.jpg``, in full, through a link."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from compose.data.folders import links_in


def posix(name: str) -> str:
    """A name with slashes of the one kind; label files have those of either."""
    return name.replace("\\", "/")


def file_of(folder: Path, name: str) -> str:
    """Where a picture lies: a backslash stands for a slash, unless there is a file of that very name.

    Args:
        folder: where relative names start.
        name: the picture, as label files or folders name it.
    """
    there = os.path.join(folder, name)
    return there if "\\" not in name or os.path.exists(there) else os.path.join(folder, posix(name))


def identities(folder: Path, images: Iterable[str]) -> list[str]:
    """For each picture its file, one text for all names of a file. Each folder is looked at once, and hardly a file.

    Args:
        folder: where relative names start.
        images: the pictures as label files name them.
    """
    real, links = cache(os.path.realpath), cache(links_in)
    found = []
    for image in images:
        above, name = os.path.split(file_of(folder, image))
        within = real(above)
        path = os.path.normpath(os.path.join(within, name))
        found.append(real(path) if name in links(within) else path)
    return _merged(found)


def _merged(files: list[str]) -> list[str]:
    """Names that differ in capitals or in the form of their letters, and are the same file where such is not told."""
    first: dict[str, list[str]] = {}
    for file in dict.fromkeys(files):
        first.setdefault(unicodedata.normalize("NFC", file).casefold(), []).append(file)
    same: dict[str, str] = {}
    for alike in first.values():
        for place, file in enumerate(alike[1:], 1):
            match = next((other for other in alike[:place] if _same(file, other)), file)
            same[file] = same.get(match, match)
    return [same.get(file, file) for file in files]


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
