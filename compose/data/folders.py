"""What counts in a user's folder: the one rule of every walk through files.

Systems and programs leave files of their own beside the user's: ``.ipynb_checkpoints``, macOS's ``._a.jpg`` and
``__MACOSX``, ``Thumbs.db``. They are not the user's, wherever a folder is looked through. What a user, a spec or a list
names is taken as named, and so is the folder itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from compose.data.source import DataError
from compose.errors import listed, reason_of

PICTURE_SUFFIXES = frozenset(
    {
        ".apng",
        ".avif",
        ".bmp",
        ".dib",
        ".gif",
        ".j2k",
        ".jfif",
        ".jp2",
        ".jpe",
        ".jpeg",
        ".jpg",
        ".jpx",
        ".mpo",
        ".pbm",
        ".pcx",
        ".pgm",
        ".png",
        ".pnm",
        ".ppm",
        ".psd",
        ".qoi",
        ".tga",
        ".tif",
        ".tiff",
        ".webp",
    }
)
"""How the names of pictures end."""
UNREAD_SUFFIXES = frozenset(
    {
        ".3fr",
        ".arw",
        ".bpg",
        ".cr2",
        ".cr3",
        ".dcm",
        ".dng",
        ".erf",
        ".exr",
        ".heic",
        ".heics",
        ".heif",
        ".hif",
        ".jxl",
        ".jxr",
        ".kdc",
        ".mrw",
        ".nef",
        ".nrw",
        ".orf",
        ".pef",
        ".psb",
        ".raf",
        ".rw2",
        ".rwl",
        ".sr2",
        ".srf",
        ".srw",
        ".svg",
        ".svgz",
        ".wdp",
        ".xcf",
    }
)
"""How the names of pictures end whose format is not read here."""
MOST_LEVELS = 60
"""How many folders may stand in one another."""
MOST_OTHERS, OTHERS_A_PICTURE = 10_000, 10
"""How many other files and folders a folder of pictures may hold, at the least, and beside each picture."""
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


def is_unread_picture(name: str) -> bool:
    """Whether a file of this name is a picture of the user's in a format that is not read here."""
    return os.path.splitext(name)[1].lower() in UNREAD_SUFFIXES and not is_hidden(name)


def entries_of(folder: Path) -> list[Path]:
    """The files and folders in a folder, sorted by name.

    Raises:
        DataError: it cannot be read.
    """
    return [Path(folder, entry.name) for entry in _entries(folder)]


def folders_in(folder: Path) -> list[Path]:
    """The folders in a folder, sorted by name.

    Raises:
        DataError: it cannot be read.
    """
    return [path for path in entries_of(folder) if os.path.isdir(path)]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder and below it, sorted. Links are followed; a folder that holds itself is read once.

    Raises:
        DataError: a folder cannot be read, or they hold little else than other files.
    """
    return PictureWalk().pictures_in(folder)


class PictureWalk:
    """A walk through folders of pictures, which ends where they hold other things: a whole disk is no set of pictures.

    Attributes:
        unread: the pictures in formats that are not read here, which are passed over.
    """

    def __init__(self) -> None:
        self.unread: list[Path] = []
        self._pictures = self._others = 0

    def pictures_in(self, folder: Path) -> list[Path]:
        """As :func:`pictures_in`."""
        return sorted(self._found(folder, folder, (os.path.realpath(folder),)))

    @property
    def note(self) -> str:
        """What to tell of the pictures that are passed over; "" where there are none."""
        if not self.unread:
            return ""
        counts = Counter(path.suffix.lower() for path in self.unread)
        kinds = listed([f"{suffix} ({count:,})" for suffix, count in counts.most_common()])
        number = f"{len(self.unread):,} pictures are" if len(self.unread) > 1 else "1 picture is"
        return f"{number} left out, in formats that are not read here: {kinds}, such as {self.unread[0]}"

    def _found(self, folder: Path, top: Path, above: tuple[str, ...]) -> Iterator[Path]:
        if len(above) > MOST_LEVELS:
            raise DataError(f"{top} has more than {MOST_LEVELS} folders in one another")
        for entry in _entries(folder):
            path = Path(folder, entry.name)
            if os.path.isdir(entry):
                self._count_other(top)
                real = os.path.realpath(path)
                if real not in above:
                    yield from self._found(path, top, (*above, real))
            elif is_picture(entry.name) and os.path.isfile(entry):
                self._pictures += 1
                yield path
            elif is_unread_picture(entry.name):
                self.unread.append(path)
            else:
                self._count_other(top)

    def _count_other(self, top: Path) -> None:
        """Count what is no picture.

        Raises:
            DataError: there is too much of it.
        """
        self._others += 1
        if self._others > MOST_OTHERS + OTHERS_A_PICTURE * (self._pictures + len(self.unread)):
            seen = f"{self._pictures:,} pictures among the first {self._others + self._pictures:,} files and folders"
            raise DataError(f"{top} is no folder of pictures: there are {seen} in it")


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted((entry for entry in found if not is_hidden(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be read: {reason_of(error)}") from None


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
