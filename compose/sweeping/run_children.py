"""Processes that train runs, a few at a time, until none is left or the user stops them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol

from compose.sweeping.child_run import COMPOSE, Child, ChildRun, ChildStarter, Ending, child_environment
from compose.sweeping.planned_run import PlannedRun
from compose.training.interrupt import Interrupt

TICK = 0.2
"""Seconds after which it is looked whether the user wants to stop."""
STOPPING = "stopping: what is being trained saves its state first; stop it again to end at once"


class RunQueue(Protocol):
    """Runs that are to be trained."""

    def next(self) -> PlannedRun | None:
        """The next run; None while there is none."""

    def words(self, run: PlannedRun, slot: int) -> Sequence[str]:
        """The arguments of the ``compose`` that trains it, as the process of a slot."""

    def ended(self, run: PlannedRun, ending: Ending) -> None:
        """Take note of how a run ended."""


def run_children(
    queue: RunQueue,
    *,
    jobs: int,
    say: Callable[[str], object],
    program: Sequence[str] = COMPOSE,
    start: ChildStarter | None = None,
) -> bool:
    """Train what a queue holds. Returns whether all of it was, and False where the user stopped it.

    Args:
        queue: the runs.
        jobs: how many are trained side by side.
        say: is called with each line that is told.
        program: what each process runs.
        start: what begins each process, where it is not of this machine.
    """
    events: SimpleQueue[tuple[int, str | None]] = SimpleQueue()
    running: dict[int, tuple[PlannedRun, Child]] = {}
    begin, told = start or partial(ChildRun, environment=child_environment(jobs)), False
    with Interrupt() as stop:
        try:
            while True:
                for slot in set(range(jobs)) - {*running}:
                    run = None if stop.requested else queue.next()
                    if run is not None:
                        command = [*program, *queue.words(run, slot)]
                        running[slot] = run, begin(command, partial(_put, events, slot))
                if not running:
                    return not stop.requested
                if stop.requested and not told:
                    told = True
                    say(STOPPING)
                    for _, child in running.values():
                        child.interrupt()
                _take(events, running, queue, say)
        finally:
            for _, child in running.values():
                child.kill()


def _put(events: SimpleQueue[tuple[int, str | None]], slot: int, line: str | None) -> None:
    events.put((slot, line))


def _take(
    events: SimpleQueue[tuple[int, str | None]],
    running: dict[int, tuple[PlannedRun, Child]],
    queue: RunQueue,
    say: Callable[[str], object],
) -> None:
    """Wait a moment for the next thing that a child tells."""
    try:
        slot, line = events.get(timeout=TICK)
    except Empty:
        return
    run, child = running[slot]
    if line is not None:
        say(f"{run.name} | {line}")
        return
    del running[slot]
    queue.ended(run, child.ending())
