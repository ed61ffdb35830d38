"""The beginning of a run, or of its next part."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.shown import markdown_code, printable
from compose.training.logging.run_log import RunLog
from compose.training.run_state import RunContext, RunState
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.earlier_run import is_reopened
from compose.training.storage.kept_data import refresh_kept
from compose.training.storage.label_results import forget_label_results
from compose.training.storage.run_folder import RunFolder, write_text
from compose.training.storage.weights import fit
from compose.training.training_errors import CheckpointError

if TYPE_CHECKING:
    from compose.terminal import Terminal
    from compose.training.interrupt import Interrupt
    from compose.training.run_plan import RunPlan
    from compose.training.stages.work import TrainableModel


def load_state(plan: RunPlan, folder: RunFolder) -> dict[str, Any] | None:
    """The newest state of a run that is resumed, its weights in the model; None if it never wrote one.

    Raises:
        CheckpointError: this is no run, or one of another model or with other stages.
    """
    if not folder.lock.exists():
        raise CheckpointError(f"{folder.path}: expected the folder of a run, found no {folder.lock.name}")
    checkpoints = Checkpoints(folder.checkpoints)
    found = checkpoints.newest()
    if found is None:
        _check_unfinished(folder)
        return None
    path, saved = found
    saved["damaged"] = checkpoints.damaged
    done, known = saved["state"]["stage"], len(plan.stages)
    if done > known:
        raise CheckpointError(f"{path}: {done} stages are done, and the spec has {known}")
    saved = _reopened(plan, saved)
    fit(plan.model.training, saved["model"], str(path))
    return saved


def _check_unfinished(folder: RunFolder) -> None:
    """Refuse to begin a run anew in its own folder, over weights that it has trained."""
    if trained := [folder.weights(which) for which in ("last", "best") if folder.weights(which).exists()]:
        remedy = f"bring one back from a copy, or start another run from {trained[0]}"
        raise CheckpointError(f"{folder.checkpoints}: no checkpoint is left to go on from; {remedy}")


def _reopened(plan: RunPlan, saved: dict[str, Any]) -> dict[str, Any]:
    """A state between stages, as it was before the last one ended if that now has more epochs."""
    stages, ended, state = list(plan.stages.values()), saved["ended"], saved["state"]
    if not is_reopened(stages, saved):
        return saved
    return {
        **saved,
        "state": {**state, "stage": state["stage"] - 1, "epoch": ended["epochs"], "batch": 0},
        "stage": ended["loop"],
        "model": ended["model"] or saved["model"],
    }


def open_run(
    plan: RunPlan,
    folder: RunFolder,
    stop: Interrupt,
    saved: dict[str, Any] | None,
    *,
    console: Terminal | None,
    first: bool,
    loggers: Sequence[str] = (),
) -> RunContext:
    """The run, standing at its start or where the state was saved.

    Args:
        plan: what it does.
        folder: where it writes.
        stop: what Ctrl-C sets.
        saved: the state that was saved, if any.
        console: the terminal.
        first: whether this is the process that writes.
        loggers: the user's trackers that it is logged to.
    """
    state = RunState(**saved["state"]) if saved else RunState()
    written = saved["written"] if saved else None
    log = RunLog(folder if first else None, console=console, step=state.step, written=written)
    log.note(f"run folder {printable(str(folder.path))}\n")
    if first and saved and state.stage < len(plan.stages):
        folder.reopen()
        forget_label_results(folder.path)
    if saved is None:
        log.graph(plan.model.training, _shapes(plan.model))
    else:
        left = "going on" if state.stage < len(plan.stages) else "nothing is left to train: evaluating"
        for line in saved["damaged"]:
            log.note(f"note: {line}; the one before it is taken")
        log.note(f"{left} after step {state.step}")
    if first:
        write_record(plan, folder)
    if plan.changed or saved is None:
        log.text("spec", markdown_code(plan.lock, "yaml"))
    log.begin(plan.values, plan.lock, loggers)
    began = time.monotonic() - (saved["seconds"] if saved else 0.0)
    return RunContext(
        model=plan.model,
        checkpoints=Checkpoints(folder.checkpoints),
        log=log,
        stop=stop,
        state=state,
        fingerprint=plan.fingerprint,
        began=began,
    )


def write_record(plan: RunPlan, folder: RunFolder) -> None:
    """Write what has changed since the run was begun, or went on last."""
    texts = {folder.lock: plan.lock} | ({folder.data: plan.data.text} if plan.data else {})
    for path, text in texts.items():
        if not _holds(path, text):
            write_text(path, text)
    for file in plan.files:
        refresh_kept(folder.path, file)


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def _shapes(model: TrainableModel) -> dict[str, list[tuple[int, ...]]]:
    """Step -> the shapes of its outputs, where the model knows them."""
    return {
        step: [shape for shape in known.outputs.values() if isinstance(shape, tuple)]
        for step, known in model.facts.items()
    }
