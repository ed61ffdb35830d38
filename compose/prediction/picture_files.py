"""The picture files that a user names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from compose.data.folders import PICTURE_SUFFIXES, pictures_in


def picture_files(given: Sequence[Path]) -> Iterator[Path]:
    """The pictures named, and those inside the folders named but for hidden ones.

    Raises:
        UsageError: there is no such file, or a folder holds no pictures.
    """
    from compose.errors import UsageError

    for path in given:
        if path.is_dir():
            inside = pictures_in(path)
            if not inside:
                raise UsageError(f"{path} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
            yield from inside
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file {path}")
