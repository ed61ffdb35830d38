"""The runs of a grid, one after the other: what is told of each, and what has failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from compose.sweeping.child_run import Ending
from compose.sweeping.planned_run import PlannedRun

Standing = Literal["new", "interrupted", "finished", "training"]
"""What is in the folder of a run before a sweep begins: nothing, a state to go on from, a result, another process."""


@dataclass(frozen=True)
class ChildOptions:
    """How every run of a sweep is trained.

    Args:
        devices: the devices that the processes take in turn.
        blocks: the user's files.
        loggers: the user's trackers that they are logged to.
    """

    devices: Sequence[str] = ("auto",)
    blocks: Sequence[Path] = ()
    loggers: Sequence[str] = ()

    def words(self, run: PlannedRun, slot: int, *, resume: bool) -> list[str]:
        """The arguments of the ``compose`` that trains a run, as the process of a slot."""
        device = self.devices[slot % len(self.devices)]
        logged = [word for name in self.loggers for word in ("--log", name)]
        return [*run.words(resume=resume, device=device, blocks=self.blocks), *logged]


class GridQueue:
    """The runs that are still to be trained.

    Args:
        runs: all runs of the sweep, with what is in their folders.
        options: how they are trained.
        check: why a run whose process has ended well is none of the sweep; "" where it is.
        say: is called with each line that is told.

    Attributes:
        failed: run -> why it failed.
    """

    def __init__(
        self,
        runs: Mapping[PlannedRun, Standing],
        options: ChildOptions,
        *,
        check: Callable[[PlannedRun], str],
        say: Callable[[str], object],
    ) -> None:
        self._runs, self._options, self._check, self._say = runs, options, check, say
        self._waiting = deque(run for run, state in runs.items() if state in ("new", "interrupted"))
        self._begun = self._done = 0
        self._total = len(self._waiting)
        self.failed = {run: "another process trains it" for run, state in runs.items() if state == "training"}

    @property
    def left(self) -> int:
        """How many runs have not ended."""
        return self._total - self._done

    def next(self) -> PlannedRun | None:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        if not self._waiting:
            return None
        run = self._waiting.popleft()
        self._begun += 1
        how = "goes on" if self._runs[run] == "interrupted" else "begins"
        self._say(f"{self._begun} of {self._total}: {run.name} {how}")
        return run

    def words(self, run: PlannedRun, slot: int) -> Sequence[str]:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        return self._options.words(run, slot, resume=self._runs[run] == "interrupted")

    def ended(self, run: PlannedRun, ending: Ending) -> None:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        reason = ending.reason if ending.code else self._check(run)
        if ending.code == STOPPED:
            return
        self._done += 1
        if reason:
            self.failed[run] = reason
            self._say(f"{run.name} has failed: {reason}")
        else:
            self._say(f"{run.name} has ended")


STOPPED = 130
"""The exit code of a run that the user has stopped, which is none that failed."""
