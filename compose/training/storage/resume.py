"""The beginning of a run, or of its next part."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from compose.training.logging.run_log import Journal
from compose.training.run_state import Position, Run
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.weights import fit
from compose.training.training_errors import CheckpointError

if TYPE_CHECKING:
    from rich.console import Console

    from compose.training.interrupt import Interrupt
    from compose.training.run_plan import Plan
    from compose.training.stages.stage import Model
    from compose.training.storage.run_folder import RunFolder


def load_state(plan: Plan, folder: RunFolder) -> dict[str, Any] | None:
    """The newest state of a run that is resumed, its weights in the model; None if it never wrote one.

    Raises:
        CheckpointError: this is no run, or one of another model or with other stages.
    """
    if not folder.lock.exists():
        raise CheckpointError(f"{folder.path}: expected the folder of a run, found no {folder.lock.name}")
    found = Checkpoints(folder.checkpoints).newest()
    if found is None:
        return None
    path, state = found
    fit(plan.model.training, state["model"], str(path))
    done, known = state["position"]["stage"], len(plan.stages)
    if done > known:
        raise CheckpointError(f"{path}: {done} stages are done, and the spec has {known}")
    return state


def open_run(
    plan: Plan,
    folder: RunFolder,
    stop: Interrupt,
    state: dict[str, Any] | None,
    *,
    console: Console | None,
    first: bool,
) -> Run:
    """The run, standing at its start or where the state was saved.

    Args:
        plan: what it does.
        folder: where it writes.
        stop: what Ctrl-C sets.
        state: what was saved, if anything.
        console: the terminal.
        first: whether this is the process that writes.
    """
    position = Position(**state["position"]) if state else Position()
    size = state["metrics_size"] if state else 0
    journal = Journal(folder if first else None, console=console, step=position.step, metrics_size=size)
    if state is None:
        journal.graph(plan.model.training, _shapes(plan.model))
        journal.text("spec", f"```yaml\n{plan.lock}\n```")
    else:
        journal.note(f"going on after step {position.step}")
    began = time.monotonic() - (state["seconds"] if state else 0.0)
    return Run(plan.model, Checkpoints(folder.checkpoints), journal, stop, position, began)


def _shapes(model: Model) -> dict[str, list[tuple[int, ...]]]:
    """Step -> the shapes of its outputs, where the model knows them."""
    facts = getattr(model, "facts", {})
    return {
        step: [shape for shape in known.outputs.values() if isinstance(shape, tuple)] for step, known in facts.items()
    }
