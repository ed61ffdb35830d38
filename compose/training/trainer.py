"""A run from its first stage to its report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from lightning_fabric.strategies.model_parallel import ModelParallelStrategy

from compose.block import BlockError
from compose.evaluation.evaluation import Evaluation
from compose.model.failures.run_failure import BlockFailure, told_at_block
from compose.processes.launched import remember_folder
from compose.processes.shares import Shares
from compose.training.allocator import keep_freed_memory
from compose.training.device import StrategyName, choose_device, choose_precision, leave_processes, make_fabric
from compose.training.final_report import IN_EVALUATION, Outcome, final_evaluation, read_outcome, write_report
from compose.training.interrupt import Interrupt
from compose.training.loop import Loop
from compose.training.processes.lost_process import is_lost_process
from compose.training.processes.sharded_weights import shard_weights
from compose.training.run_plan import RunPlan, refused
from compose.training.seeds import derive
from compose.training.stages.nodes import Selection
from compose.training.stages.work import Setting
from compose.training.storage.autosave import whole_state
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.earlier_run import what_goes_on
from compose.training.storage.folder_lock import FolderLock
from compose.training.storage.resume import load_state, open_run, write_record
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import save_weights
from compose.training.storage.writing import StorageError
from compose.training.training_errors import Interrupted, TrainingError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from compose.terminal import Terminal
    from compose.training.best_weights import BestWeights
    from compose.training.run_state import RunContext


def train(
    plan: RunPlan,
    folder: RunFolder,
    *,
    device: str = "auto",
    strategy: StrategyName = "ddp",
    resume: bool = False,
    console: Terminal | None = None,
    loggers: Sequence[str] = (),
) -> Outcome:
    """Run every stage, evaluate, and write the report.

    Args:
        plan: what the run does.
        folder: the run's folder; of many processes, the first one's counts.
        device: where it runs (``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``).
        strategy: what each of several processes keeps of the weights.
        resume: go on from the newest checkpoint of the folder, whose lock the caller has.
        console: where progress is shown; None for nowhere.
        loggers: the user's trackers that it is logged to, beside TensorBoard.

    Raises:
        TrainingError: the run cannot start or go on.
        Interrupted: the user stopped it; its state is saved.
    """
    plan.check()
    target = choose_device(device)
    if target.type == "cpu":
        keep_freed_memory()
    precisions = [choose_precision(stage.precision, target) for stage in plan.stages.values()]
    fabrics = [make_fabric(target, precision, strategy) for precision in precisions]
    fabric = fabrics[0] if fabrics else make_fabric(target, 32, strategy)
    plan.check_shares(fabric.world_size)
    if strategy == "fsdp":
        plan.check_sharding()
    with ExitStack() as held:
        if fabric.is_global_zero and not resume:
            folder = folder.make()
            held.enter_context(FolderLock.take(folder.path))
            folder.begin(plan.lock, plan.files)
        folder = RunFolder(fabric.broadcast(folder.path))
        if fabric.is_global_zero:
            remember_folder(folder.path)
        saved = load_state(plan, folder) if resume else None
        outcome = _stored(plan, folder, fabric, saved, console)
        outcome = outcome or _train(plan, folder, fabrics, fabric, saved, console, loggers)
    leave_processes()
    return outcome


def _train(
    plan: RunPlan,
    folder: RunFolder,
    fabrics: Sequence[Fabric],
    fabric: Fabric,
    saved: dict[str, Any] | None,
    console: Terminal | None,
    loggers: Sequence[str],
) -> Outcome:
    if isinstance(fabric.strategy, ModelParallelStrategy):
        shard_weights(plan.model.training, fabric.strategy.device_mesh["data_parallel"])
    for module in (plan.model.training, plan.model.inference, plan.model.looking):
        module.to(fabric.device)
    with Interrupt() as stop, _explained(folder):
        shares = Shares.of_run()
        run = open_run(plan, folder, stop, saved, console=console, first=fabric.is_global_zero, loggers=loggers)
        try:
            _run_stages(plan, run, fabrics, folder, shares, saved["stage"] if saved else None)
            outcome = _finish(plan, run, fabric, folder, shares)
        finally:
            run.log.close()
    return outcome


def _stored(
    plan: RunPlan, folder: RunFolder, fabric: Fabric, saved: dict[str, Any] | None, console: Terminal | None
) -> Outcome | None:
    """What a run came to that has ended and of which nothing has changed; None where there is something to do."""
    outcome: Outcome | None = None
    if fabric.is_global_zero and saved and not plan.changed and saved["state"]["stage"] == len(plan.stages):
        outcome = read_outcome(folder)
        if outcome is not None:
            write_record(plan, folder)
        if outcome is not None and console is not None:
            told = f"the run ended after step {outcome.steps}: {what_goes_on(plan.stages, saved)}"
            console.print(told)
    shared: Outcome | None = fabric.broadcast(outcome)
    return shared


def _run_stages(
    plan: RunPlan,
    run: RunContext,
    fabrics: Sequence[Fabric],
    folder: RunFolder,
    shares: Shares,
    inner: dict[str, Any] | None,
) -> None:
    """Run the stages that are left; ``inner`` is the state inside the first of them."""
    state = run.state
    while state.stage < len(plan.stages):
        fabric = fabrics[state.stage]
        best, ended = _run_stage(plan, run, fabric, shares, inner)
        state.stage, state.epoch, state.batch, inner = state.stage + 1, 0, 0, None
        whole = whole_state(run, None, ended=ended)
        if fabric.is_global_zero:
            if best.weights is None:
                folder.weights("best").unlink(missing_ok=True)
            else:
                save_weights(folder, "best", best.weights, step=state.step)
            run.checkpoints.write(state.step, whole)


def _run_stage(
    plan: RunPlan, run: RunContext, fabric: Fabric, shares: Shares, inner: dict[str, Any] | None
) -> tuple[BestWeights, dict[str, Any]]:
    number = run.state.stage
    name, stage = list(plan.stages.items())[number]
    seed = derive(plan.seed, number)
    with Selection(plan.model, stage.train, stage.freeze) as selection:
        try:
            setting = Setting(
                model=plan.model,
                source=plan.source,
                space=plan.space,
                evaluation=plan.evaluation or Evaluation(),
                seed=seed,
                device=fabric.device,
                rank=fabric.global_rank,
                world=fabric.world_size,
                shares=shares,
                adaptation=plan.adaptation,
            )
            work = stage.open(setting)
            losses = [name.removeprefix("loss.") for name in work.weights]
            stage.check_monitor(losses, work.metrics, "" if work.metrics else setting.why_unvalidated(stage))
        except BlockError as error:
            raise refused(name, error) from None
        loop = Loop(run, stage, work, fabric=fabric, selection=selection, seed=seed)
        if inner is not None:
            loop.restore(inner)
        processes = f" × {fabric.world_size}" if fabric.world_size > 1 else ""
        title = f"stage {number + 1}/{len(plan.stages)}: {name} ({stage.name}) on {fabric.device}{processes}"
        run.log.begin_stage(title, name=name, stage=stage, batches=len(work), state=run.state)
        with told_at_block(plan.model.training, plan.model.plan, f"fails in the stage `{name}`"):
            best = loop.run()
        run.log.end_stage()
    return best, loop.ended


def _finish(plan: RunPlan, run: RunContext, fabric: Fabric, folder: RunFolder, shares: Shares) -> Outcome:
    """The final weights, the evaluation by all processes, and the report."""
    weights = dict(plan.model.training.state_dict())
    if fabric.is_global_zero:
        save_weights(folder, "last", weights, step=run.state.step)
    plan.model.training.eval()
    with run.stop.at_once(), told_at_block(plan.model.training, plan.model.plan, IN_EVALUATION):
        result = final_evaluation(plan, fabric.device, shares)
    outcome = Outcome(
        folder=folder.path,
        result=result,
        seconds=run.seconds,
        steps=run.state.step,
        device=str(fabric.device),
        parameters=sum(parameter.numel() for parameter in plan.model.inference.parameters()),
    )
    if fabric.is_global_zero:
        if result:
            run.log.result(run.state, result.scalars())
            if result.modules:
                run.log.modules(run.state, result.modules)
        write_report(plan, outcome, folder)
        run.checkpoints.prune(1)
        run.log.ended()
    return outcome


@contextmanager
def _explained(folder: RunFolder) -> Iterator[None]:
    """Turn what stops a run from outside into an error that says what to do."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(folder.path, step=Checkpoints(folder.checkpoints).step) from None
    except StorageError as error:
        step = Checkpoints(folder.checkpoints).step
        kept = f"the state after step {step} is saved" if step else "no state is saved yet"
        raise TrainingError(f"{error}. Then go on with: compose train --resume {folder.path} ({kept})") from error
    except torch.OutOfMemoryError as error:
        hint = "a smaller `batch` needs less, and `accumulate` makes up for it"
        raise TrainingError(f"the device is out of memory; {hint} ({error})") from None
    except (RuntimeError, BlockFailure) as error:
        if not is_lost_process(error):
            raise
        told = f"another process has ended; go on from the last checkpoint with: compose train --resume {folder.path}"
        raise TrainingError(told) from error
