"""What keeps a run from writing its files, told with the place and the remedy."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from compose.training.training_errors import TrainingError

_REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within your quota",
    errno.EFBIG: "raise the limit on the size of a file (`ulimit -f`)",
    errno.EROFS: "name a folder on a disk that can be written, with --out",
    errno.EACCES: "make the folder writable, or name another one with --out",
    errno.EPERM: "make the folder writable, or name another one with --out",
    errno.EEXIST: "name another folder with --out",
    errno.ENOTDIR: "name another folder with --out",
    errno.ENAMETOOLONG: "name a shorter folder with --out",
}
_OTHERWISE = "see that the disk is sound and can be written"


class StorageError(TrainingError):
    """A file of a run cannot be written.

    Args:
        path: the file or folder.
        reason: what the system says.
        remedy: what the user can do.
    """

    def __init__(self, path: Path, *, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"cannot write {path}: {reason}; {remedy}")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell of a write that fails.

    Args:
        path: what is written.

    Raises:
        StorageError: the system refuses it.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        number = _number(error)
        reason = os.strerror(number) if number else str(error)
        remedy = _REMEDIES.get(number, _OTHERWISE)
        raise StorageError(path, reason=reason[:1].lower() + reason[1:], remedy=remedy) from error


def _number(error: OSError | SafetensorError) -> int:
    """The system's number of an error, 0 where there is none; safetensors has it in its message alone."""
    if isinstance(error, OSError):
        return error.errno or 0
    found = re.search(r"os error (\d+)", str(error))
    return int(found[1]) if found else 0
