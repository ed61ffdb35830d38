"""What ends a training run before its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from compose.errors import RunError


class TrainingError(RunError):
    """Training cannot start or go on, for a reason that the user can act on."""


class NonFiniteLossError(TrainingError):
    """A loss became infinite or not a number.

    Args:
        terms: the losses that did, in the model's order.
        epoch: the epoch, from 1.
        step: the optimizer step of the run, from 1.
        checkpoint: the newest checkpoint, from before that step.
    """

    def __init__(self, terms: Sequence[str], *, epoch: int, step: int, checkpoint: Path | None) -> None:
        self.terms, self.epoch, self.step, self.checkpoint = tuple(terms), epoch, step, checkpoint
        kept = f"the newest checkpoint is {checkpoint}" if checkpoint else "there is no checkpoint yet"
        names = ", ".join(f"`{term}`" for term in terms)
        super().__init__(
            f"{names} not finite in epoch {epoch}, step {step}; {kept}. "
            "A new run with a lower learning rate, clip: 1.0 or precision: 32 may help."
        )


class CheckpointError(TrainingError):
    """A checkpoint cannot be read, or does not fit the model."""


class Interrupted(RunError):
    """The user stopped the run; its state is saved.

    Args:
        folder: the run's folder.
        step: the optimizer steps done.
    """

    exit_code = 130

    def __init__(self, folder: Path, *, step: int) -> None:
        self.folder, self.step = folder, step
        super().__init__(f"stopped after step {step}; go on with: compose train --resume {folder}")
