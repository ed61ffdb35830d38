"""A run from its first stage to its report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from compose.block import BlockError
from compose.training.checkpoint import Checkpoints
from compose.training.device import choose_device, choose_precision, make_fabric
from compose.training.errors import CheckpointError, Interrupted, TrainingError
from compose.training.interrupt import Interrupt
from compose.training.journal import Journal
from compose.training.keeper import whole_state
from compose.training.loop import Loop
from compose.training.nodes import Selection
from compose.training.position import Position, Run
from compose.training.report import Outcome, final_evaluation, write_report
from compose.training.run_folder import RunFolder
from compose.training.seeds import derive
from compose.training.stage import Model, Setting, Stage
from compose.training.weights import fit, save_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric
    from rich.console import Console

    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Args:
        model: the built model.
        source: the examples.
        space: the label space.
        stages: the training stages in order.
        evaluation: how the result is measured; None for not at all.
        seed: the run's seed.
        lock: the text of its lock file.
        title: what the report calls it.
    """

    model: Model
    source: DataSource
    space: Any
    stages: Sequence[Stage]
    evaluation: Evaluation | None
    seed: int
    lock: str
    title: str


def train(
    plan: Plan, folder: RunFolder, *, device: str = "auto", resume: bool = False, console: Console | None = None
) -> Outcome:
    """Run every stage, evaluate, and write the report.

    Args:
        plan: what the run does.
        folder: the run's folder; of many processes, the first one's counts.
        device: where it runs (``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``).
        resume: go on from the folder's newest checkpoint.
        console: where progress is shown; None for nowhere.

    Raises:
        TrainingError: the run cannot start or go on.
        Interrupted: the user stopped it; its state is saved.
    """
    _check(plan)
    target = choose_device(device)
    fabrics = [make_fabric(target, choose_precision(stage.precision, target)) for stage in plan.stages]
    fabrics = fabrics or [make_fabric(target, 32)]
    first = fabrics[0]
    folder = RunFolder(first.broadcast(folder.path))
    if first.is_global_zero and not resume:
        folder.begin(plan.lock)
    state = _load(plan, folder) if resume else None
    for module in (plan.model.training, plan.model.inference):
        module.to(first.device)
    with Interrupt() as stop:
        run = _open(plan, folder, stop, state, console=console if first.is_global_zero else None, fabric=first)
        try:
            with _explained(folder):
                _run_stages(plan, run, fabrics, folder, state)
                return _finish(plan, run, first, folder)
        finally:
            run.journal.close()


def _check(plan: Plan) -> None:
    losses = [name.removeprefix("loss.") for name in plan.model.loss_weights]
    for number, stage in enumerate(plan.stages):
        try:
            stage.check(plan.model.nodes, losses)
        except BlockError as error:
            raise TrainingError(f"train.{number}.{error.parameter}: {error}") from None


def _load(plan: Plan, folder: RunFolder) -> dict[str, Any] | None:
    """The newest state of a run that is resumed, its weights in the model; None if it never wrote one."""
    if not folder.lock.exists():
        raise CheckpointError(f"{folder.path}: expected the folder of a run, found no {folder.lock.name}")
    found = Checkpoints(folder.checkpoints).newest()
    if found is None:
        return None
    path, state = found
    fit(plan.model.training, state["model"], str(path))
    if state["position"]["stage"] > len(plan.stages):
        raise CheckpointError(f"{path}: the run was at stage {state['position']['stage'] + 1}, which the spec lacks")
    return state


def _open(
    plan: Plan,
    folder: RunFolder,
    stop: Interrupt,
    state: dict[str, Any] | None,
    *,
    console: Console | None,
    fabric: Fabric,
) -> Run:
    position = Position(**state["position"]) if state else Position()
    journal = Journal(
        folder if fabric.is_global_zero else None,
        console=console,
        step=position.step,
        metrics_size=state["metrics_size"] if state else 0,
    )
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
    outputs = {
        name: [shape for shape in fact.outputs.values() if isinstance(shape, tuple)] for name, fact in facts.items()
    }
    return outputs


def _run_stages(
    plan: Plan, run: Run, fabrics: Sequence[Fabric], folder: RunFolder, state: dict[str, Any] | None
) -> None:
    position = run.position
    inner = state["stage"] if state else None
    while position.stage < len(plan.stages):
        stage, fabric = plan.stages[position.stage], fabrics[position.stage]
        seed = derive(plan.seed, position.stage)
        setting = Setting(
            plan.model, plan.source, plan.space, seed, fabric.device, fabric.global_rank, fabric.world_size
        )
        with Selection(plan.model.training, plan.model.nodes, stage.train, stage.freeze) as selection:
            work = stage.open(setting)
            loop = Loop(run, stage, work, fabric=fabric, selection=selection, seed=seed)
            if inner is not None:
                loop.restore(inner)
            run.journal.begin_stage(_title(plan, run, fabric), stage=stage, batches=len(work), position=position)
            watch = loop.run()
            run.journal.end_stage()
        position.stage, position.epoch, position.batch, inner = position.stage + 1, 0, 0, None
        if fabric.is_global_zero:
            if watch.weights is not None:
                save_weights(folder, "best", watch.weights, step=position.step)
            else:
                folder.weights("best").unlink(missing_ok=True)
            run.checkpoints.write(position.step, whole_state(run, None))


def _title(plan: Plan, run: Run, fabric: Fabric) -> str:
    stage = plan.stages[run.position.stage]
    kind = type(stage).__name__.lower()
    processes = f" × {fabric.world_size}" if fabric.world_size > 1 else ""
    return f"stage {run.position.stage + 1}/{len(plan.stages)}: {kind} on {fabric.device}{processes}"


def _finish(plan: Plan, run: Run, fabric: Fabric, folder: RunFolder) -> Outcome:
    outcome: Outcome | None = None
    if fabric.is_global_zero:
        weights = dict(plan.model.training.state_dict())
        save_weights(folder, "last", weights, step=run.position.step)
        plan.model.training.eval()
        with run.stop.at_once():
            result = final_evaluation(plan, fabric.device)
        outcome = Outcome(folder.path, result, run.seconds, run.position.step, str(fabric.device))
        if result:
            run.journal.result(run.position, result.scalars())
        write_report(plan, outcome, folder)
    fabric.barrier()
    shared: Outcome = fabric.broadcast(outcome)
    return shared


@contextmanager
def _explained(folder: RunFolder) -> Iterator[None]:
    """Turn what stops a run from outside into an error that says what to do."""
    try:
        yield
    except KeyboardInterrupt:
        latest = Checkpoints(folder.checkpoints).latest()
        step = int(latest.stem.split("-")[1]) if latest else 0
        raise Interrupted(folder.path, step=step) from None
    except torch.OutOfMemoryError as error:
        hint = "a smaller `batch` with `accumulate` to make up for it needs less"
        raise TrainingError(f"the device is out of memory; {hint} ({error})") from None
