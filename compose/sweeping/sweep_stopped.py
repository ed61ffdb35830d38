"""That the user stopped a sweep."""

from __future__ import annotations

from pathlib import Path

from compose.errors import RunError


class SweepStopped(RunError):
    """The user stopped a sweep; what was being trained has saved its state.

    Args:
        folder: where its runs lie.
        left: how many runs have not ended.
    """

    exit_code = 130

    def __init__(self, folder: Path, *, left: int) -> None:
        self.folder, self.left = folder, left
        runs = "1 run has" if left == 1 else f"{left} runs have"
        super().__init__(f"stopped; {runs} not ended in {folder}; the same command goes on")
