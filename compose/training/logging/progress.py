"""What a run shows in the terminal: a bar that moves, and a line for each epoch; only the lines where nobody looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from compose.shown import printable
from compose.training.run_state import RunState

if TYPE_CHECKING:
    from rich.progress import Progress

    from compose.terminal import Terminal


class Reporter:
    """Shows a run's progress.

    Args:
        console: where to; None for nowhere.
    """

    def __init__(self, console: Terminal | None) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._epochs, self._unit = 0, ""

    def begin_stage(self, title: str, *, epochs: int, batches: int, state: RunState, unit: str = "examples") -> None:
        """Show a stage that begins, or goes on from a state; its batches are of these units."""
        self._epochs, self._unit = epochs, unit
        if not self._console:
            return
        self._console.print(printable(title), style="bold")
        if self._console.is_terminal:
            self._progress = _bar(self._console)
            self._task = self._progress.add_task("", total=batches, completed=state.batch, note="")
            self._progress.start()

    def advance(self, state: RunState) -> None:
        """Move the bar."""
        if self._progress:
            description = f"epoch {state.epoch + 1}/{self._epochs}"
            self._progress.update(self._task, completed=state.batch, description=description)

    def losses(self, values: Mapping[str, float]) -> None:
        """Show the newest losses beside the bar."""
        if self._progress:
            self._progress.update(self._task, note=f"loss {values['loss']:.4g}")

    def epoch(self, state: RunState, values: Mapping[str, float], *, speed: float) -> None:
        """Print an epoch's line."""
        if self._console:
            width = len(str(self._epochs))
            numbers = "  ".join(f"{name} {value:.4f}" for name, value in values.items())
            line = f"epoch {state.epoch + 1:{width}d}/{self._epochs}  {numbers}  {speed:,.0f} {self._unit}/s"
            self._console.print(line)

    def note(self, text: str) -> None:
        """Print a remark."""
        if self._console:
            self._console.print(text)

    def end_stage(self) -> None:
        """Take the bar away."""
        if self._progress:
            self._progress.stop()
            self._progress = None


def _bar(console: Terminal) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, refresh_per_second=4)
