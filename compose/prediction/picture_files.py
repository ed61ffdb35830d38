"""The picture files that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from compose.data.folders import PICTURE_SUFFIXES, PictureWalk


def picture_files(given: Sequence[Path], walk: PictureWalk) -> Iterator[Path]:
    """The pictures named, and those inside the folders named but for hidden ones.

    Args:
        given: files and folders.
        walk: what goes through the folders, and remembers what it passes over.

    Raises:
        UsageError: there is no such file, or a folder holds no pictures.
        DataError: a folder cannot be read, or holds little else than other files.
    """
    from compose.errors import UsageError

    for path in given:
        if os.path.isdir(path):
            inside = walk.pictures_in(path)
            if not inside:
                passed = f"; {walk.note}" if walk.unread else ""
                raise UsageError(f"{path} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}){passed}")
            yield from inside
        elif os.path.exists(path):
            yield path
        else:
            raise UsageError(f"there is no file {path}")
