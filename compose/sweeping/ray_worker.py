"""What runs on a machine of a Ray cluster: the process that trains one run, and what it prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from queue import Empty, SimpleQueue

from compose.sweeping.child_run import ChildRun, Ending

PATIENCE = 2.0
"""Seconds that are waited for the next line."""


def own_version() -> str:
    """The version of the compose of this machine."""
    return version_of("torchcompose")


class RayWorker:
    """An actor that trains one run."""

    def __init__(self) -> None:
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._child: ChildRun | None = None

    def begin(self, command: Sequence[str], folder: str, environment: Mapping[str, str], version: str) -> str:
        """Start the process. Returns why it cannot begin here; "" where it has begun.

        Args:
            command: the program and its arguments; the first word is the Python of the machine that asks.
            folder: the working folder, which all machines share.
            environment: variables that are added to this machine's.
            version: of the compose that asks.
        """
        if version != own_version():
            return f"that machine has compose {own_version()}, and this one {version}"
        if not Path(folder).is_dir():
            return f"that machine has no folder {folder}; all must share it"
        variables = {**os.environ, **environment}
        self._child = ChildRun([sys.executable, *command[1:]], self._lines.put, variables, folder=folder)
        return ""

    def lines(self) -> list[str | None]:
        """What it has printed since; None is its end. Waits a moment where there is nothing."""
        found = []
        try:
            found.append(self._lines.get(timeout=PATIENCE))
            while True:
                found.append(self._lines.get_nowait())
        except Empty:
            return found

    def stop(self) -> None:
        """Let it save its state and end."""
        if self._child:
            self._child.terminate()

    def kill(self) -> None:
        """End it at once."""
        if self._child:
            self._child.kill()

    def ending(self) -> Ending:
        """How it ended."""
        assert self._child is not None, "it has begun"
        return self._child.ending()
