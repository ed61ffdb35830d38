"""What counts in a user's folder: the one rule of every walk through files.

Systems and programs leave files of their own beside the user's: ``.ipynb_checkpoints``, macOS's ``._a.jpg`` and
``__MACOSX``, ``Thumbs.db``. They are not the user's, wherever a folder is looked through. What a user, a spec or a list
names is taken as named, and so is the folder itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jfif", ".avif"}
)
_OF_SYSTEMS = frozenset(
    {
        "__macosx",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "icon\r",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "@eadir",
        "__pycache__",
    }
)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is a system's or a program's own, and not the user's."""
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


def is_picture(name: str) -> bool:
    """Whether a file of this name is a picture of the user's."""
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES and not is_hidden(name)


def entries_of(folder: Path) -> list[Path]:
    """The files and folders in a folder, sorted by name."""
    return sorted(path for path in folder.iterdir() if not is_hidden(path.name))


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, sorted by name."""
    return [path for path in entries_of(folder) if path.is_dir()]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and below it, sorted. Links are followed; a folder that holds itself is read once."""
    return sorted(_pictures(folder, (os.path.realpath(folder),)))


def _pictures(folder: Path, above: tuple[str, ...]) -> Iterator[Path]:
    for path in entries_of(folder):
        if path.is_dir():
            real = os.path.realpath(path)
            if real not in above:
                yield from _pictures(path, (*above, real))
        elif is_picture(path.name) and path.is_file():
            yield path


def zipped_files(archive: ZipFile) -> Iterator[str]:
    """The files in an archive, in its order."""
    return visible(name for name in archive.namelist() if not name.endswith("/"))


def visible(names: Iterable[str]) -> Iterator[str]:
    """Of names within a folder or an archive, those with nothing hidden on the way."""
    return (name for name in names if not any(map(is_hidden, PurePosixPath(name).parts)))


def links_in(folder: str) -> frozenset[str]:
    """The names in a folder, hidden ones too, that are links to other files; none where there is no such folder."""
    try:
        with os.scandir(folder) as found:
            return frozenset(entry.name for entry in found if entry.is_symlink())
    except OSError:
        return frozenset()
