"""The picture files that a user names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jfif", ".avif"}


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and below it, sorted."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES)


def picture_files(given: Sequence[Path]) -> Iterator[Path]:
    """The pictures named, and those inside the folders named.

    Raises:
        UsageError: there is no such file, or a folder holds no pictures.
    """
    from compose.errors import UsageError

    for path in given:
        if path.is_dir():
            inside = pictures_in(path)
            if not inside:
                raise UsageError(f"{path} holds no pictures ({', '.join(sorted(SUFFIXES))})")
            yield from inside
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file {path}")
