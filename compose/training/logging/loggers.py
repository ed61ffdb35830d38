"""The experiment trackers that a run can be logged to beside TensorBoard, and which of them a run has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from compose.errors import UsageError, nearest
from compose.training.logging.mlflow_log import MlflowLog
from compose.training.logging.run_logger import GuardedLogger, LoggedRun, RunLogger
from compose.training.logging.wandb_log import WandbLog, check_wandb
from compose.training.storage.run_folder import write_text
from compose.training.storage.writing import writing

NONE = "none"
"""What names no tracker, to end logging to those that a run has."""


@dataclass(frozen=True)
class LoggerKind:
    """A tracker.

    Args:
        title: what messages call it.
        begin: begins to log a run.
        check: refuses what would stop it, before the run begins.
        packages: what it needs, all of the extra that bears its name.
    """

    title: str
    begin: Callable[[LoggedRun], RunLogger]
    packages: Sequence[str]
    check: Callable[[], None] = lambda: None


LOGGERS: Mapping[str, LoggerKind] = {
    "wandb": LoggerKind("W&B", WandbLog, ("wandb",), check_wandb),
    "mlflow": LoggerKind("MLflow", MlflowLog, ("mlflow", "sqlalchemy", "alembic")),
}


def check_loggers(names: Sequence[str]) -> tuple[str, ...]:
    """The trackers that a user names, each of which can begin.

    Args:
        names: as the user gives them.

    Raises:
        UsageError: there is no such tracker, its package is not installed, or it lacks what it must be told.
    """
    for name in names:
        if name not in LOGGERS and name != NONE:
            close = nearest(name, [*LOGGERS])
            hint = f"; did you mean `{close}`?" if close else ""
            known = "; TensorBoard is always written" if name == "tensorboard" else ""
            raise UsageError(f"--log {name}: expected {', '.join(LOGGERS)} or {NONE}{hint}{known}")
    if NONE in names:
        if {*names} != {NONE}:
            raise UsageError(f"--log {NONE} stands alone; got {', '.join(names)}")
        return ()
    for name in names:
        missing = [package for package in LOGGERS[name].packages if find_spec(package) is None]
        if missing:
            raise UsageError(f"--log {name} needs {missing[0]}: pip install 'torchcompose[{name}]'")
        LOGGERS[name].check()
    return tuple(dict.fromkeys(names))


def begin_loggers(
    names: Sequence[str], file: Path, values: Mapping[str, Any], tell: Callable[[str], object]
) -> list[GuardedLogger]:
    """Begin to log a run, or go on with it where it was logged before.

    Args:
        names: the trackers.
        file: the run's file that keeps what each of them needs to go on.
        values: the resolved spec, without what it says of itself.
        tell: is called with each line for the user.

    Raises:
        StorageError: the file cannot be written.
    """
    kept = _kept(file)
    runs = {name: LoggedRun(file.parent, values, kept.get(name, {})) for name in names}
    begun = {
        name: GuardedLogger(LOGGERS[name].title, partial(LOGGERS[name].begin, run), tell) for name, run in runs.items()
    }
    # one that cannot begin today is asked again when the run goes on
    now = {name: logger.kept if logger.kept is not None else kept.get(name, {}) for name, logger in begun.items()}
    if now:
        write_text(file, json.dumps(now, indent=2) + "\n")
    else:
        with writing(file):
            file.unlink(missing_ok=True)
    return [*begun.values()]


def kept_loggers(file: Path) -> tuple[str, ...]:
    """The trackers that a run was logged to last.

    Args:
        file: the run's file of them, which may be missing.
    """
    return tuple(name for name in _kept(file) if name in LOGGERS)


def _kept(file: Path) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: kept for name, kept in found.items() if isinstance(kept, dict)} if isinstance(found, dict) else {}
