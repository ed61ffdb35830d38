"""Published data sets: what each needs, what of it is there, and whether that is what was published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from compose.block import BlockError
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.publication import Publication
from compose.data.source import SPLITS, DataError, DataSource
from compose.errors import UsageError, nearest
from compose.registry.registry import registry

MEGABYTE = 1e6


@dataclass(frozen=True)
class FileState:
    """A file of a data set.

    Args:
        name: where it lies as published.
        holds: what is in it.
        published: its size as published, in megabytes; 0 where it is not known.
        needed_for: what alone needs it; "" where it is always needed.
        path: where it is; None where it is not there.
        size: its size in megabytes; None of a folder, and of one that is not there.
    """

    name: str
    holds: str
    published: float
    needed_for: str
    path: Path | None
    size: float | None


@dataclass(frozen=True)
class PublishedState:
    """A data set on this machine.

    Args:
        source: the name after ``use:``.
        title: what the publisher calls it.
        page: where it can be had, by the page's name.
        folder: where it is looked for; None where nobody says.
        files: its files.
        counts: labels and examples -> how many there are, None where that is not known, and how many were published.
        problems: what keeps it from being used.
    """

    source: str
    title: str
    page: str
    folder: Path | None
    files: tuple[FileState, ...]
    counts: Mapping[str, tuple[int | None, int]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def missing(self) -> list[FileState]:
        """The files that are always needed and are not there."""
        return [file for file in self.files if file.path is None and not file.needed_for]

    @property
    def state(self) -> str:
        """In short, what is there."""
        if self.folder is None or len(self.missing) == len([file for file in self.files if not file.needed_for]):
            return "not there"
        return f"{len(self.missing)} files missing" if self.missing else "there"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        data = asdict(self)
        data["folder"] = None if self.folder is None else str(self.folder)
        for file in data["files"]:
            file["path"] = None if file["path"] is None else str(file["path"])
        return data | {"state": self.state}


def published_names() -> list[str]:
    """The data sources that read what a publisher offers."""
    return [name for name in registry().names("data") if _publication(name) is not None]


def published_data(name: str, folder: Path | None = None) -> PublishedState:
    """What a source needs, and which of its files are there. No file is read.

    Args:
        name: the name after ``use:``.
        folder: where the files lie; else where ``COMPOSE_DATA`` says, or in the current folder.

    Raises:
        UsageError: there is no such source, or nothing is published of it.
    """
    publication = _known(name)
    try:
        place: Path | None = data_folder(folder, publication.folder)
    except BlockError as error:
        if folder is not None:
            raise UsageError(str(error)) from None
        place = None
    files = []
    for file in publication.files:
        path = None if place is None else file.find(place)
        size = path.stat().st_size / MEGABYTE if path is not None and path.is_file() else None
        files.append(FileState(file.name, file.holds, file.megabytes, file.optional, path, size))
    counts = {key: (None, count) for key, count in publication.counts.items()}
    return PublishedState(name, publication.title, publication.page, place, tuple(files), counts)


def check_published(name: str, folder: Path | None = None) -> PublishedState:
    """As :func:`published_data`, and read: what keeps it from being used, and how many labels and examples it has."""
    found = published_data(name, folder)
    if found.folder is None or found.missing:
        gone = [f"{file.name}: missing ({file.holds})" for file in found.missing]
        return _with(found, {}, tuple(gone))
    try:
        source: DataSource = registry().load("data", name)(folder)
        return _with(found, _counts(source, found.counts), tuple(source.check()))
    except (BlockError, DataError, OSError) as error:
        return _with(found, {}, (str(error),))


def _counts(source: DataSource, wanted: Mapping[str, Any]) -> dict[str, int]:
    """How many labels and examples a source has, of those that are counted."""
    seen = source.labels.seen
    found = {"labels": len(seen), "seen": sum(seen), "unseen": len(seen) - sum(seen)}
    published = source.published_counts()
    for split in SPLITS:
        if split in wanted:
            found[split] = published[split] if split in published else len(source.split(split))
    return found


def _with(found: PublishedState, counts: Mapping[str, int], problems: tuple[str, ...]) -> PublishedState:
    compared = {key: (counts.get(key), published) for key, (_, published) in found.counts.items()}
    return PublishedState(
        found.source, found.title, found.page, found.folder, found.files, counts=compared, problems=problems
    )


def _known(name: str) -> Publication:
    names = published_names()
    if name in names and (publication := _publication(name)) is not None:
        return publication
    close = nearest(name, names)
    meant = f"did you mean `{close}`? " if close else ""
    raise UsageError(f"there is no published data set `{name}`; {meant}expected one of {', '.join(names)}")


def _publication(name: str) -> Publication | None:
    cls: type[DataSource] = registry().load("data", name)
    return cls.publication
