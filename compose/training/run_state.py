"""Where a run stands, and what its stages share."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose.training.interrupt import Interrupt
    from compose.training.logging.run_log import RunLog
    from compose.training.stages.work import TrainableModel
    from compose.training.storage.checkpoint import Checkpoints


@dataclass
class RunState:
    """Where a run stands.

    Args:
        stage: stages done.
        epoch: epochs of the stage done.
        batch: batches of the epoch done.
        step: optimizer steps of the run done.
    """

    stage: int = 0
    epoch: int = 0
    batch: int = 0
    step: int = 0


@dataclass(frozen=True)
class RunContext:
    """What the stages of a run share.

    Args:
        model: the model.
        checkpoints: where states go.
        log: where numbers go.
        stop: what Ctrl-C sets.
        state: where the run stands; the loop moves it on.
        fingerprint: what it is made of, which its checkpoints keep.
        began: when it began, on the monotonic clock; a resumed run counts from its earlier parts' time.
    """

    model: TrainableModel
    checkpoints: Checkpoints
    log: RunLog
    stop: Interrupt
    state: RunState
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long the run has lasted."""
        return time.monotonic() - self.began
