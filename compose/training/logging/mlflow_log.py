"""A run in MLflow."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from compose.training.logging.hyper_parameters import flat_values
from compose.training.logging.run_logger import PROJECT, LoggedRun

TOGETHER = 100
"""Parameters that MLflow takes in one call."""
RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""By default MLflow asks a server that is gone for some minutes, for which training would stand still."""


class MlflowLog:
    """Logs to where MLflow's environment variables say (``MLFLOW_TRACKING_URI``, ``MLFLOW_EXPERIMENT_NAME``).

    Where they say nothing that is ``mlflow.db`` in the current folder. A run that goes on is the same run there; MLflow
    changes no parameter, so that one with another value than before becomes a tag.

    Args:
        run: the run.
    """

    def __init__(self, run: LoggedRun) -> None:
        for name, value in RETRIES.items():
            os.environ.setdefault(name, value)
        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        uri = run.kept.get("uri") or mlflow.get_tracking_uri()
        self._client = mlflow.MlflowClient(tracking_uri=uri)
        self._id = run.kept.get("run") or self._create(run)
        self.kept: Mapping[str, str] = {"uri": uri, "run": self._id}
        self._parameters(run)
        self.place = f"run {self._id} in {uri}"

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(
            self._id, metrics=[Metric(_name(tag), value, now, step) for tag, value in values.items()]
        )

    def picture(self, step: int, tag: str, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._client.log_image(self._id, picture, key=tag, step=step)

    def file(self, path: Path) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._client.log_artifact(self._id, str(path))

    def close(self, *, ended: bool) -> None:
        """See :class:`~compose.training.logging.run_logger.RunLogger`."""
        self._client.set_terminated(self._id, "FINISHED" if ended else "KILLED")

    def _create(self, run: LoggedRun) -> str:
        experiment = _experiment(self._client, os.environ.get("MLFLOW_EXPERIMENT_NAME") or PROJECT)
        return str(self._client.create_run(experiment, run_name=run.name).info.run_id)

    def _parameters(self, run: LoggedRun) -> None:
        """The values of the spec: those that are new as parameters, those that have changed as tags."""
        from mlflow.entities import Param, RunTag

        self._client.update_run(self._id, status="RUNNING")
        known = self._client.get_run(self._id).data.params
        values = {_name(key): str(value) for key, value in flat_values(run.values).items()}
        new = [Param(key, value) for key, value in values.items() if key not in known]
        for start in range(0, len(new), TOGETHER):
            self._client.log_batch(self._id, params=new[start : start + TOGETHER])
        changed = [RunTag(key, value) for key, value in values.items() if known.get(key, value) != value]
        if changed:
            self._client.log_batch(self._id, tags=changed)


def _experiment(client: Any, name: str) -> str:
    """The experiment of a name, which several runs may want to make at one time."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException:
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)


def _name(tag: str) -> str:
    """A tag in the characters that MLflow takes: ``f1@3`` is ``f1_at_3``."""
    return re.sub(r"[^\w\-. /]", "_", tag.replace("@", "_at_"))
