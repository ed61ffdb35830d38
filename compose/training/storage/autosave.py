"""When a run's state is saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from compose.training.device import all_reduce
from compose.training.training_errors import Interrupted

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from compose.training.run_state import RunContext


class Autosave:
    """Saves a run every few minutes, and when it is stopped.

    Args:
        run: the run.
        fabric: the processes, of which the first writes.
        minutes: between checkpoints.
        capture: the state of the stage at work.
    """

    def __init__(
        self, run: RunContext, fabric: Fabric, *, minutes: float, capture: Callable[[], dict[str, Any]]
    ) -> None:
        self._run, self._fabric, self._capture = run, fabric, capture
        self._seconds = 60 * minutes
        self._saved_at = time.monotonic()

    def consider(self) -> None:
        """Save if it is time to, or if the user wants to stop.

        Raises:
            Interrupted: the user wants to stop; the state is saved.
        """
        stop, due = self._agree(self._run.stop.requested, time.monotonic() - self._saved_at >= self._seconds)
        if stop or due:
            self.save()
        if stop:
            raise Interrupted(self._run.checkpoints.folder.parent, step=self._run.state.step)

    def save(self) -> None:
        """Save now."""
        state = whole_state(self._run, self._capture())
        if self._fabric.is_global_zero:
            self._run.checkpoints.write(self._run.state.step, state)
        self._saved_at = time.monotonic()

    def _agree(self, *wishes: bool) -> tuple[bool, ...]:
        """Whether any process has each of the wishes."""
        if self._fabric.world_size == 1:
            return wishes
        votes = torch.tensor(wishes, dtype=torch.float32, device=self._fabric.device)
        return tuple((all_reduce(self._fabric, votes, how="sum") > 0).tolist())


def whole_state(
    run: RunContext, stage: dict[str, Any] | None, *, ended: dict[str, Any] | None = None
) -> dict[str, Any]:
    """All that a resumed run needs; what it tells of itself is on the disk before.

    Args:
        run: the run.
        stage: the state of the stage at work; None between stages.
        ended: between stages, how the last one ended, so that it can go on with more epochs.
    """
    return {
        "state": asdict(run.state),
        "model": dict(run.model.training.state_dict()),
        "stage": stage,
        "ended": ended,
        "written": dict(run.log.sync()),
        "seconds": run.seconds,
        "fingerprint": run.fingerprint,
    }
