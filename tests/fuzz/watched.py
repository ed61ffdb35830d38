"""A judge in a process of its own, which may hang, take memory without a bound, or die."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

import torch

from tests.fuzz.judge import MOST_BYTES, Verdict, judge
from tests.fuzz.specs import Case, texts
from tests.soundness.drawn.registered import registered

PATIENCE = 30.0
"""Seconds of the processor after which a case counts as hanging; of the clock, ten times as many."""
LIFE = 500
"""Cases that one process judges, so that what memory it keeps is not counted against a later case."""


class WatchedJudge:
    """Judges cases as :func:`judge` does; what takes the process down is a verdict, too."""

    def __init__(self, judge: Callable[[Case], Verdict] = judge, *, patience: float = PATIENCE) -> None:
        self.judge, self.patience = judge, patience
        self._process: multiprocessing.context.SpawnProcess | None = None
        self._done = 0

    def __call__(self, case: Case) -> Verdict:
        """The verdict of a case."""
        if self._process is None or self._done >= LIFE:
            self._restart()
        self._done += 1
        assert self._process is not None
        try:
            self._pipe.send(case)
            if self._answers():
                verdict: Verdict = self._pipe.recv()
                return verdict
            failure = f"hangs: more than {self.patience:.0f} s of the processor"
        except (EOFError, ConnectionError):
            self._process.join()
            failure = f"the process died with {self._process.exitcode}"
        self._stop()
        return Verdict(accepted=False, failure=failure)

    def _answers(self) -> bool:
        """Wait for the verdict, and return whether it comes."""
        assert self._process is not None
        begun, spent = time.monotonic(), _spent(self._process.pid)
        while not self._pipe.poll(self.patience / 10):
            if time.monotonic() - begun > 10 * self.patience or _spent(self._process.pid) - spent > self.patience:
                return False
        return True

    def _restart(self) -> None:
        self._stop()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self.judge), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()
        self._done = 0

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def __enter__(self) -> WatchedJudge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()


def _spent(pid: int | None) -> float:
    """The seconds of the processor that a process has had; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _serve(pipe: Connection, judge: Callable[[Case], Verdict]) -> None:
    torch.set_num_threads(1)
    with registered():
        judge(Case(texts()[0]))  # what is imported when it is first used
        _limit_memory()
        pipe.send("ready")
        while True:
            pipe.send(judge(pipe.recv()))


def _limit_memory() -> None:
    """Let no case take the machine's memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MOST_BYTES + (1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
