"""The user's own block files, of which a run keeps copies: in ``blocks/``, with their hashes in the lock file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from compose.errors import Document, Place, SpecError, SpecErrors, UsageError
from compose.registry.neighbours import neighbours
from compose.shown import printable

FOLDER = "blocks"
KEEPS, BESIDE = "# keeps: ", "# beside: "
_LINE = re.compile(rf"({KEEPS}|{BESIDE})({FOLDER}/(?!.*\.\.).+\.py) sha256 ([0-9a-f]{{64}})(?: of (.+))?")


@dataclass(frozen=True)
class KeptFile:
    """A file with blocks of the user's own, as a run keeps it.

    Args:
        name: its path inside the run's folder, such as ``blocks/my_blocks.py``.
        content: what stands in it.
        given: the file that the user named.
        beside: whether it is a module beside such a file, which that one imports.
    """

    name: str
    content: bytes
    given: Path
    beside: bool = False

    @property
    def line(self) -> str:
        """The comment in the lock file that names it."""
        kept = f"{BESIDE if self.beside else KEEPS}{self.name} sha256 {sha256(self.content).hexdigest()}"
        return f"{kept} of {self.given.absolute()}"


class LockedFile(NamedTuple):
    """What a lock file says of a file that the run keeps.

    Args:
        name: its path inside the run's folder.
        digest: its hash.
        beside: whether it is a module beside a file of blocks.
        original: the user's file that it is a copy of; None where that is not told.
    """

    name: str
    digest: str
    beside: bool
    original: Path | None


def kept_files(files: Sequence[Path]) -> tuple[KeptFile, ...]:
    """What a run keeps of the user's files, and of the modules beside them that they import.

    Files of one folder lie in one folder, so that they still find one another.

    Args:
        files: the files, in the order in which they are read.
    """
    folders = list(dict.fromkeys(path.absolute().parent for path in files))
    kept: dict[str, KeptFile] = {}
    for path in files:
        folder = path.absolute().parent
        number = folders.index(folder)
        inside = f"{FOLDER}/{number + 1}" if number else FOLDER
        own = f"{inside}/{printable(path.name)}"
        kept[own] = KeptFile(own, path.read_bytes(), path)
        for module in neighbours(path):
            name = f"{inside}/{module.relative_to(folder).as_posix()}"
            kept.setdefault(name, KeptFile(name, module.read_bytes(), module, beside=True))
    return tuple(kept.values())


def blocks_beside(lock: Path) -> tuple[Path, ...]:
    """The block files that a lock file names, in their order; none where the file is no lock.

    Args:
        lock: a file, which may be missing.

    Raises:
        UsageError: one of them is gone, or is another than the run was made with.
    """
    if not lock.is_file():
        return ()
    found = [(_whole(lock, file), file.beside) for file in _named(lock)]
    return tuple(path for path, is_beside in found if not is_beside)


def kept_hashes(lock: Path) -> dict[str, str]:
    """Name -> hash of the user's files that a run keeps.

    Args:
        lock: the run's lock file.
    """
    return {file.name: file.digest for file in _named(lock)}


def changed_originals(lock: Path) -> list[Path]:
    """The user's files that are there and are not as the run keeps them any more.

    Args:
        lock: the run's lock file.
    """
    there = [(file, file.original) for file in _named(lock) if file.original and file.original.is_file()]
    return [path for file, path in there if sha256(path.read_bytes()).hexdigest() != file.digest]


def check_same(lock: Path, files: Sequence[Path]) -> None:
    """Refuse to go on with a run by other code than its own.

    Args:
        lock: the run's lock file.
        files: the block files that the user names.

    Raises:
        SpecErrors: one of them is not as the run keeps it, at its first line that differs.
        UsageError: the run keeps no such file.
    """
    kept = kept_hashes(lock) if lock.is_file() else {}
    same_name = {Path(name).name: lock.parent / name for name in kept}
    for file in kept_files(files):
        if sha256(file.content).hexdigest() in kept.values():
            continue
        copy = same_name.get(printable(file.given.name))
        if copy is not None:
            raise SpecErrors([_other_code(file, copy)])
        told = "the run was made without this file"
        raise UsageError(f"--blocks {file.given}: {told}; go on without --blocks, or begin a new run without --resume")


def _other_code(file: KeptFile, copy: Path) -> SpecError:
    """That a file is not as the run keeps it, at its first line that differs."""
    now = file.content.decode("utf-8", "replace").splitlines()
    before = copy.read_text("utf-8", "replace").splitlines() if copy.is_file() else []
    same = next((n for n, (a, b) in enumerate(zip(now, before, strict=False)) if a != b), min(len(now), len(before)))
    line = min(same, max(0, len(now) - 1))
    document = Document(str(file.given), tuple(now))
    place = Place(document, line + 1, 1, max(1, len(now[line]) if now else 1))
    message = f"the code differs from here on from what the run keeps, {copy}"
    return SpecError("other-run", message, place, "no --blocks to go on with that, or a new run without --resume")


def _named(lock: Path) -> Iterator[LockedFile]:
    """The files that a lock file names."""
    with lock.open("r", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if not line.startswith("#"):
                return
            if found := _LINE.fullmatch(line.rstrip("\n")):
                yield LockedFile(found[2], found[3], found[1] == BESIDE, Path(found[4]) if found[4] else None)


def _whole(lock: Path, file: LockedFile) -> Path:
    path = lock.parent / file.name
    if not path.is_file():
        raise UsageError(f"{lock} needs {path}, which is not there; name the file with --blocks")
    if sha256(path.read_bytes()).hexdigest() != file.digest:
        raise UsageError(
            f"{path} has changed since the run was made (its hash is not the one in {lock.name}); "
            "to use it as it is now, name it with --blocks"
        )
    return path
