"""A run in Weights & Biases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from jaxtyping import UInt8

from compose.errors import UsageError
from compose.training.logging.run_logger import PROJECT, LoggedRun

STEP = "step"


class WandbLog:
    """Logs to W&B as its environment variables say (``WANDB_PROJECT``, ``WANDB_ENTITY``, ``WANDB_MODE`` ...).

    A run that goes on has the same id. Its steps may begin before those that were logged last, which W&B's own count
    does not allow: every number is drawn over the run's step.

    Args:
        run: the run.
    """

    def __init__(self, run: LoggedRun) -> None:
        import wandb

        project, entity = (run.kept.get(key) or os.environ.get(f"WANDB_{key.upper()}") for key in ("project", "entity"))
        self._library = wandb
        self._run = wandb.init(
            project=project or PROJECT,
            entity=entity or None,
            id=run.kept.get("id") or uuid4().hex[:12],
            name=run.name,
            dir=str(run.folder),
            config={**run.values},
            allow_val_change=True,
            resume="allow",
            reinit="create_new",
            settings=wandb.Settings(silent=True, console="off"),
        )
        self._run.define_metric("*", step_metric=STEP)
        self.kept: Mapping[str, str] = {
            "id": self._run.id,
            "project": project or PROJECT,
            **({"entity": entity} if entity else {}),
        }
        self.place = self._place()

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._run.log({**values, STEP: step})

    def picture(self, step: int, tag: str, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._run.log({tag: self._library.Image(picture), STEP: step})

    def file(self, path: Path) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        copy = shutil.copy(path, self._run.dir)  # W&B would link to it, and say so
        self._run.save(copy, base_path=self._run.dir, policy="now")

    def close(self, *, ended: bool) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._run.finish(exit_code=0 if ended else 1)

    def _place(self) -> str:
        settings: Any = self._run.settings
        if settings.mode == "online":
            return str(self._run.url)
        return f"offline; send it with: wandb sync {settings.sync_dir}"


def check_wandb() -> None:
    """See that W&B needs to ask for nothing when the run begins.

    Raises:
        UsageError: it has no key, and is to send.
    """
    import wandb

    if wandb.setup().settings.mode == "online" and not wandb.login(prompt=False, verify=False):
        raise UsageError("--log wandb: W&B knows no key; `wandb login` once, or set WANDB_MODE=offline to send later")
