"""Processes side by side: how each ends, and what a signal does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from compose.spec.layers.sweep import Member
from compose.sweeping.child_run import Ending, child_environment
from compose.sweeping.grid_queue import ChildOptions, GridQueue, Standing
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.run_children import run_children

CHILD = """
import os, signal, sys, time
tell = lambda text: print(text, file=sys.stderr, flush=True)
what = sys.argv[1]
if what == "fails":
    tell("m.yaml:1:2: error: it is wrong [wrong]"); tell("    1 | x"); sys.exit(2)
if what == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "orphaned":
    os.kill(os.getppid(), signal.SIGKILL)
if what == "waits":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: (tell("saved"), sys.exit(130)))
    tell("at work"); time.sleep(60)
if what == "stubborn":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    tell("at work"); time.sleep(60)
tell("epoch 1")
"""
PROGRAM = (sys.executable, "-c", CHILD)


class FakeQueue(GridQueue):
    """A grid whose runs do what they are called."""

    def __init__(self, names: Sequence[str], standing: Standing = "new") -> None:
        self.lines: list[str] = []
        self.endings: dict[str, Ending] = {}
        runs = [PlannedRun(Member(name), 0, Path(name), "m.yaml") for name in names]
        check = {"empty": "it has ended without a report"}
        super().__init__(
            dict.fromkeys(runs, standing),
            ChildOptions(),
            check=lambda run: check.get(run.name, ""),
            say=self.lines.append,
        )

    def words(self, run: PlannedRun, slot: int) -> Sequence[str]:
        return [run.name]

    def ended(self, run: PlannedRun, ending: Ending) -> None:
        self.endings[run.name] = ending
        super().ended(run, ending)


def test_one_that_fails_stops_no_other() -> None:
    queue = FakeQueue(["fails", "killed", "empty", "fine"])
    assert run_children(queue, jobs=1, say=queue.lines.append, program=PROGRAM)
    assert {run.name: reason for run, reason in queue.failed.items()} == {
        "fails": "m.yaml:1:2: error: it is wrong [wrong]",
        "killed": "it was killed by SIGKILL",
        "empty": "it has ended without a report",
    }
    assert queue.endings["killed"].code == -signal.SIGKILL
    assert queue.left == 0
    assert queue.lines[-3:] == ["4 of 4: fine begins", "fine | epoch 1", "fine has ended"]


def test_several_run_side_by_side() -> None:
    queue = FakeQueue(["waits", "fine", "last"])
    timer = signal_when(queue, "last has ended")
    assert not run_children(queue, jobs=2, say=queue.lines.append, program=PROGRAM)
    timer.join()
    assert queue.endings["waits"].code == 130
    assert "fine has ended" in queue.lines
    assert "waits | saved" in queue.lines
    assert not queue.failed
    assert queue.left == 1


def test_a_second_signal_ends_at_once() -> None:
    queue = FakeQueue(["stubborn", "fine"])
    first = signal_when(queue, "stubborn | at work")
    second = signal_when(queue, "stopping: ")
    with pytest.raises(KeyboardInterrupt):
        run_children(queue, jobs=1, say=queue.lines.append, program=PROGRAM)
    first.join()
    second.join()
    assert "2 of 2: fine begins" not in queue.lines


def test_what_has_ended_is_not_run() -> None:
    queue = FakeQueue(["fails"], "finished")
    assert run_children(queue, jobs=1, say=queue.lines.append, program=PROGRAM)
    assert queue.lines == []


def test_what_another_process_trains_is_told_as_not_done() -> None:
    assert [*FakeQueue(["fine"], "training").failed.values()] == ["another process trains it"]


def test_every_run_is_logged_as_the_sweep_says() -> None:
    run = PlannedRun(Member("m"), 0, Path("o/m-0"), "m.yaml")
    options = ChildOptions(loggers=["wandb", "mlflow"])
    for resume in (True, False):
        assert options.words(run, 0, resume=resume)[-4:] == ["--log", "wandb", "--log", "mlflow"]


def test_the_cores_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert "OMP_NUM_THREADS" not in child_environment(1)
    assert int(child_environment(10_000)["OMP_NUM_THREADS"]) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert child_environment(2)["OMP_NUM_THREADS"] == "7"


def signal_when(queue: FakeQueue, line: str) -> threading.Thread:
    """Send Ctrl-C to this process when a line was told."""

    def wait() -> None:
        wait_for(queue, line)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def wait_for(queue: FakeQueue, line: str) -> None:
    """Wait until a line was told, at most a minute."""
    for _ in range(3000):
        if any(told.startswith(line) for told in queue.lines):
            break
        threading.Event().wait(0.02)
