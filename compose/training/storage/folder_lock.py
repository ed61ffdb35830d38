"""The lock of a run's folder: one process writes it at a time.

It is the operating system's, so that a process that is killed holds none.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from compose.training.storage.writing import StorageError, writing
from compose.training.training_errors import TrainingError

NAME = ".lock"
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)


class FolderTakenError(TrainingError):
    """Another process writes the folder of a run.

    Args:
        folder: the folder.
        holder: the process, as its lock names it.
    """

    def __init__(self, folder: Path, holder: str) -> None:
        self.folder, self.holder = folder, holder
        super().__init__(
            f"{folder} is being written by {holder}; wait until it has ended, or stop it with Ctrl-C or `kill`, "
            "which saves its state"
        )


class FolderLock:
    """The lock of a folder, from :meth:`take` to the end of a ``with``, or to :meth:`release`.

    Args:
        folder: the folder, which is there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAME
        self._descriptor: int | None = None

    @classmethod
    def take(cls, folder: Path) -> FolderLock:
        """Take the lock of a folder.

        Raises:
            FolderTakenError: another process, or thread, has it.
            StorageError: the folder cannot be written.
        """
        lock = cls(folder)
        while not lock._try():
            continue
        return lock

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Give the lock back; once is enough."""
        if self._descriptor is None:
            return
        with suppress(OSError):
            # Before it is given back, so that nobody else's is deleted; Windows deletes no open file.
            self._path.unlink()
        self._close()

    def _try(self) -> bool:
        """Take the lock; false where its file was deleted meanwhile, by the one who gave it back."""
        with writing(self._path):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._descriptor)
        except OSError as error:
            holder = self._holder()
            self._close()
            if error.errno in _TAKEN:
                raise FolderTakenError(self._folder, holder) from None
            return True  # a file system without locks
        if not self._is_there():
            self._close()
            return False
        _HELD.add(self)
        self._sign()
        return True

    def _sign(self) -> None:
        """Write who has the lock, for whoever asks for it meanwhile."""
        assert self._descriptor is not None
        me = f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M:%S}"
        try:
            with writing(self._path):
                os.ftruncate(self._descriptor, 0)
                os.write(self._descriptor, me.encode())
        except StorageError:
            self.release()
            raise

    def _is_there(self) -> bool:
        """Whether what is locked is still the file of that name."""
        assert self._descriptor is not None
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def _holder(self) -> str:
        with suppress(OSError):
            return self._path.read_text("utf-8", "replace").strip() or "another process"
        return "another process"

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
        _HELD.discard(self)


def is_held(folder: Path) -> bool:
    """Whether a process writes a folder at this moment; the lock itself stays as it is.

    Args:
        folder: any folder.
    """
    try:
        descriptor = os.open(folder / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(descriptor)
    except OSError as error:
        return error.errno in _TAKEN
    finally:
        os.close(descriptor)
    return False


_HELD: set[FolderLock] = set()
"""The locks of this process."""


def _close_in_child() -> None:
    """A forked child, such as one that prepares batches, must not hold a lock beyond its parent's end."""
    for lock in [*_HELD]:
        lock._close()


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # beyond the text, which others may read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    os.register_at_fork(after_in_child=_close_in_child)
