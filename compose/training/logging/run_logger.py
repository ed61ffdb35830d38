"""What an experiment tracker is told of a run, beside TensorBoard."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jaxtyping import UInt8
from numpy import ndarray

from compose.shown import printable

PROJECT = "compose"
"""W&B's project and MLflow's experiment where the user names none."""


@dataclass(frozen=True)
class LoggedRun:
    """What a tracker is told of a run as it begins.

    Args:
        folder: the run's.
        values: the resolved spec, without what it says of itself.
        kept: what the tracker itself wanted kept of this run when it began, by which it goes on; empty at first.
    """

    folder: Path
    values: Mapping[str, Any]
    kept: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the run is called: its folder and the one around it."""
        whole = self.folder.absolute()
        return f"{whole.parent.name}/{whole.name}"


class RunLogger(Protocol):
    """A tracker that has begun. Whatever it raises ends its part, and not the run.

    Attributes:
        kept: what it needs to go on with the same run later.
        place: where the run is seen, for the user.
    """

    kept: Mapping[str, str]
    place: str

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by tag, all finite."""

    def picture(self, step: int, tag: str, picture: UInt8[ndarray, "height width 3"]) -> None:
        """A picture."""

    def file(self, path: Path) -> None:
        """A file of the run's folder, such as its report."""

    def close(self, *, ended: bool) -> None:
        """Send what is left; the run has ended, or was stopped before."""


class GuardedLogger:
    """A tracker whose failure is told once, and from then on nothing is asked of it.

    Args:
        name: what it is called.
        begin: begins it.
        tell: is called with a line for the user.
    """

    def __init__(self, name: str, begin: Callable[[], RunLogger], tell: Callable[[str], object]) -> None:
        self._name, self._tell = name, tell
        self._logger: RunLogger | None = None
        with self._guarded():
            self._logger = begin()
            tell(f"{name}: {self._logger.place}")

    @property
    def kept(self) -> Mapping[str, str] | None:
        """See :class:`RunLogger`; None where it has not begun, or has failed."""
        return self._logger.kept if self._logger else None

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See :class:`RunLogger`; numbers that are not finite are left out."""
        with self._guarded():
            if self._logger:
                self._logger.scalars(step, {tag: value for tag, value in values.items() if math.isfinite(value)})

    def picture(self, step: int, tag: str, picture: UInt8[ndarray, "height width 3"]) -> None:
        """See :class:`RunLogger`."""
        with self._guarded():
            if self._logger:
                self._logger.picture(step, tag, picture)

    def file(self, path: Path) -> None:
        """See :class:`RunLogger`."""
        with self._guarded():
            if self._logger:
                self._logger.file(path)

    def close(self, *, ended: bool) -> None:
        """See :class:`RunLogger`."""
        with self._guarded():
            if self._logger:
                self._logger.close(ended=ended)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of the tracker, its server, or the disk that it writes to: each has its own
            self._logger = None
            reason = next(iter(str(error).strip().splitlines()), "") or repr(error)
            self._tell(printable(f"note: {self._name} has failed, and the run goes on without it: {reason}"))
