"""A process of its own that trains one run: what it prints, and how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeAlias

COMPOSE = (sys.executable, "-P", "-m", "compose")
"""The program that a child runs; ``-P`` keeps what lies in the working folder from being imported."""
TAIL = 50
"""Lines of a child that are kept, to say why it failed."""


@dataclass(frozen=True)
class Ending:
    """How a child ended.

    Args:
        code: its exit code; a negative one is the signal that ended it.
        reason: why it failed, in its own words; "" where it did not.
    """

    code: int
    reason: str = ""


class Child(Protocol):
    """A process at work, on this machine or another."""

    def interrupt(self) -> None:
        """Let it save its state and end."""

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""

    def ending(self) -> Ending:
        """How it ended; is asked once it has."""


ChildStarter: TypeAlias = Callable[[Sequence[str], Callable[[str | None], None]], Child]
"""Begins a command; what it is given is called with each line that the process prints, and with None at its end."""


class ChildRun:
    """A process at work on this machine.

    Args:
        command: the program and its arguments.
        tell: is called with each line that it prints, and with None when it has ended, from another thread.
        environment: its environment variables.
        folder: its working folder; this process's where None.
    """

    def __init__(
        self,
        command: Sequence[str],
        tell: Callable[[str | None], None],
        environment: Mapping[str, str],
        *,
        folder: str | None = None,
    ) -> None:
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._tell = tell
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            cwd=folder,
            start_new_session=True,  # Ctrl-C of the terminal reaches the sweep alone, which hands it on once
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def interrupt(self) -> None:
        """Let it save its state and end."""
        self._signal(signal.SIGINT)

    def terminate(self) -> None:
        """The same where SIGINT is blocked, as below Ray; the processes that it has started end with it."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, and wait until it has ended."""
        self._signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        self._process.wait()

    def ending(self) -> Ending:
        """How it ended; waits until it has."""
        code = self._process.wait()
        return Ending(code, "" if code == 0 else self._reason(code))

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to the processes that it has started."""
        with suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.terminate()
            else:
                os.killpg(self._process.pid, number)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.strip():
                self._tail.append(line.rstrip())
                self._tell(line.rstrip())
        self._process.wait()
        self._tell(None)

    def _reason(self, code: int) -> str:
        if code < 0:
            return f"it was killed by {_signal_name(-code)}"
        told = [line for line in self._tail if "error:" in line] or list(self._tail)[-1:]
        return told[-1].removeprefix("error: ") if told else f"it ended with exit code {code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def child_environment(jobs: int) -> dict[str, str]:
    """The environment of one of several processes, which share the machine's cores.

    Args:
        jobs: how many there are.
    """
    found = dict(os.environ)
    if jobs > 1:
        found.setdefault("OMP_NUM_THREADS", str(max(1, cores() // jobs)))
    return found


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
