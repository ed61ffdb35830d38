"""What a publisher offers: the files of a data set, and how many examples and labels it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compose.data.source import DataError


@dataclass(frozen=True)
class PublishedFile:
    """A file, or a folder of files, as the publisher packs it.

    Args:
        places: where it lies in the data set's folder, as published first; then where people put it.
        holds: what is in it.
        megabytes: about how large the published one is; 0 where that is not known.
        optional: what needs it, where most uses do without it; "" for a file that is always needed.
    """

    places: tuple[str, ...]
    holds: str
    megabytes: float = 0
    optional: str = ""

    @property
    def name(self) -> str:
        """Where it lies as published."""
        return self.places[0]

    def find(self, folder: Path) -> Path | None:
        """Where it lies in a folder; None where it is not there."""
        return next((path for place in self.places if (path := folder / place).exists()), None)


@dataclass(frozen=True)
class Publication:
    """A data set as published.

    Args:
        title: what it is called.
        folder: what its folder is called under the folder of all data.
        page: where the publisher offers it, by the page's name.
        files: its files.
        counts: how many ``labels``, ``seen`` and ``unseen`` ones, and examples of ``train``, ``val`` and ``test`` it
            has where a spec says no more than its folder.
    """

    title: str
    folder: str
    page: str
    files: tuple[PublishedFile, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    def missing(self, folder: Path) -> list[PublishedFile]:
        """The files that are always needed and are not in a folder."""
        return [file for file in self.files if not file.optional and file.find(folder) is None]

    def require(self, folder: Path, *files: PublishedFile) -> list[Path]:
        """Where files lie.

        Args:
            folder: the data set's.
            files: which of its files.

        Raises:
            DataError: some are not there; all of them are named.
        """
        found = [file.find(folder) for file in files]
        missing = [file for file, path in zip(files, found, strict=True) if path is None]
        if missing:
            raise DataError(self.missing_text(folder, missing))
        return [path for path in found if path is not None]

    def missing_text(self, folder: Path, missing: list[PublishedFile]) -> str:
        """The error that names all files that are not there."""
        lines = [f"{file.name}: {file.holds}" for file in missing]
        head = f"{folder}: expected {self.title}'s files as published, but {len(missing)} "
        head += "are missing" if len(missing) > 1 else "is missing"
        return "\n  ".join([f"{head} (to be had from {self.page}):", *lines])
