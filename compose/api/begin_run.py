"""``compose.train``: a new run of a spec, or the next part of one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import LOCK, Files, Names, Overrides, SpecLike, kept_beside, named_spec, override_texts, read
from compose.api.run import Run
from compose.errors import SpecError, SpecErrors, UsageError
from compose.processes.launched import is_first_process, remembered_folder, world_size
from compose.shown import message_text, printable
from compose.training.storage.find_run import FoundRun, find_run, new_folder, newest_of
from compose.training.storage.kept_blocks import changed_originals, check_same

if TYPE_CHECKING:
    from compose.spec.read import Spec
    from compose.terminal import Terminal
    from compose.training.device import StrategyName
    from compose.training.final_report import Outcome
    from compose.training.prepare import Prepared
    from compose.training.run_plan import RunPlan
    from compose.training.storage.data_record import DataRecord
    from compose.training.storage.earlier_run import EarlierRun
    from compose.training.storage.spec_changes import Change

NEW = "without --resume a new one begins"


def train_spec(
    spec: SpecLike | None,
    *,
    variants: Names,
    overrides: Overrides,
    blocks: Files,
    out: str | PathLike[str] | None,
    device: str,
    strategy: StrategyName,
    resume: bool | str | PathLike[str],
    log: Names | None,
    console: Terminal | None,
) -> Run:
    """See :func:`compose.train`; ``console`` is where progress is shown, by the first of several processes.

    Raises:
        UsageError: a run goes on with other block code than its own.
        SpecErrors: a run goes on with another model, or by other rules.
        FolderTakenError: another process writes the run.
    """
    folder = remembered_folder() or _resumed(spec, resume, variants, overrides, out)
    with _locked(folder):
        kept = kept_beside(str(folder / LOCK)) if folder and not blocks else ()
        named = folder / LOCK if spec is None and folder else spec
        assert named is not None, "there is a run where there is no spec"
        found = read(named, variants=variants, overrides=overrides, blocks=blocks or kept)
        shown = console if is_first_process() else None
        if shown and not blocks:
            print_notes(shown, kept_notes(found.blocks, folder / LOCK if folder else Path(found.resolved.file)))
        if folder and blocks:
            check_same(folder / LOCK, found.blocks)
        loggers = _loggers(log, folder)
        outcome = _run(found, folder, device=device, strategy=strategy, out=out, console=shown, loggers=loggers)
        run = Run(FoundRun(outcome.folder), device=device)  # of several processes, not all may see the folder
        run.results = outcome.result
        return run


def progress_console() -> Terminal:
    """Where a run shows its progress: the terminal's standard error, or the notebook's cell."""
    from compose.terminal import Terminal

    return Terminal(stderr=True)


def _resumed(
    spec: SpecLike | None,
    resume: bool | str | PathLike[str],
    variants: Names,
    overrides: Overrides,
    out: str | PathLike[str] | None,
) -> Path | None:
    """The folder of the run to go on with; None for a new one.

    Raises:
        UsageError: there is no such run, or neither a spec nor a run is named.
    """
    for name, path in {"resume": resume, "out": out}.items():
        if isinstance(path, str) and not path.strip():
            raise UsageError(f"{name}: expected a folder, got an empty name")
    if isinstance(resume, str | PathLike):
        if out is not None:
            raise UsageError(f"--out {out}: a run goes on in its own folder; expected --resume without --out")
        return find_run(Path(fspath(resume))).folder
    if spec is None:
        wanted = "--resume needs the folder of a run, or a spec whose newest run goes on"
        raise UsageError(wanted if resume else "expected a spec to train, such as zoo/ml2p.yaml, or --resume RUN")
    if not resume:
        return None
    if out is not None:
        return find_run(Path(out)).folder
    named = named_spec(spec)
    if not isinstance(named, str):
        raise UsageError("expected `resume` to name the folder of a run, as a spec in memory has none of its own")
    chosen = [variants] if isinstance(variants, str) else list(variants)
    return newest_of(named, chosen, override_texts(overrides), otherwise=NEW)


def _run(
    found: Spec,
    folder: Path | None,
    *,
    device: str,
    strategy: StrategyName,
    out: Any,
    console: Terminal | None,
    loggers: Sequence[str],
) -> Outcome:
    from compose.checks.problems import notes
    from compose.checks.ready import ready
    from compose.training.storage.data_record import DataRecord
    from compose.training.storage.earlier_run import EarlierRun
    from compose.training.storage.run_folder import RunFolder
    from compose.training.trainer import train

    if not found.tree.get("train"):
        raise SpecErrors([SpecError("missing-key", "the spec has no `train:`", found.tree.place, "stages by name")])
    earlier = EarlierRun(RunFolder(folder)) if folder else None
    changes = [] if earlier is None else earlier.changes(found)
    if earlier is not None and earlier.step:  # its weights are in the checkpoint, whatever it began with
        found = replace(found, plan=found.plan.without_weights())
    with _busy(console, "checking the spec and its data"):
        made = ready(found, data=is_first_process(), weight_parts=world_size() if strategy == "fsdp" else 1)
    data = DataRecord.of(made) if is_first_process() else None
    data_changes = earlier.data_changes(made, data) if earlier and data else []
    if console:
        changed = [f"the run goes on with a change: {change}" for change in [*changes, *data_changes]]
        print_notes(console, [*notes(made), *changed])
    with _busy(console, "building the model"):
        plan = _planned(made, earlier, data, changes, data_changes)
    parent = None if out is None else Path(out)
    target = RunFolder(folder) if folder else new_folder(parent, found.resolved.name)
    if console:
        _announce(console, made)
    return train(
        plan,
        target,
        device=device,
        strategy=strategy,
        resume=folder is not None,
        console=console,
        loggers=loggers,
    )


def _loggers(log: Names | None, folder: Path | None) -> tuple[str, ...]:
    """The trackers that a run is logged to; where none are named, those of its earlier part.

    Raises:
        UsageError: there is no such tracker, or it cannot begin.
    """
    from compose.training.logging.loggers import check_loggers, kept_loggers
    from compose.training.storage.run_folder import RunFolder

    if log is None:
        named = kept_loggers(RunFolder(folder).loggers) if folder else ()
    else:
        named = (log,) if isinstance(log, str) else tuple(log)
    return check_loggers(named) if is_first_process() else ()


def _planned(
    made: Prepared,
    earlier: EarlierRun | None,
    data: DataRecord | None,
    changes: Sequence[Change],
    data_changes: Sequence[str],
) -> RunPlan:
    """What a run does; where it goes on, with what it has been trained on."""
    from compose.training.run_plan import RunPlan

    if earlier is None:
        return RunPlan.of(made, data=data)
    lock = earlier.lock(made.spec, earlier.history([*changes, *data_changes]))
    before = earlier.data
    if not earlier.ends(list(made.stages.values())):
        changed = bool(changes or data_changes)
        return RunPlan.of(made, data=data.after(before) if before and data else data, lock=lock, changed=changed)
    changed = bool(data_changes) or any(change.path[0] != "train" for change in changes)
    made = made if before is None else replace(made, trained=before.trained)
    return RunPlan.of(made, data=before or data, lock=lock, changed=changed)


def _locked(folder: Path | None) -> AbstractContextManager[object]:
    """The lock of a run that goes on, taken before anything is looked at; a new run's is taken when it is made."""
    from compose.training.storage.folder_lock import FolderLock

    writes = folder is not None and (folder / LOCK).is_file() and is_first_process()
    return FolderLock.take(folder) if writes and folder else nullcontext()


def print_notes(console: Terminal, found: Sequence[str]) -> None:
    """Print what the user should know although it stops nothing."""
    for line in found:
        console.print(message_text(f"note: {line}"), style="yellow")


def kept_notes(files: Sequence[Path], lock: Path) -> list[str]:
    """That a run's own copies of the user's block files are used, and which of the files have changed since.

    Args:
        files: the copies.
        lock: the run's lock file.
    """
    if not files:
        return []
    changed = [f"{path} has changed since; the run's copy counts" for path in changed_originals(lock)]
    return [f"using the blocks that the run keeps: {', '.join(map(str, files))}", *changed]


def _busy(console: Terminal | None, text: str) -> AbstractContextManager[object]:
    """Say on a terminal that something takes its time; a notebook would need widgets for it."""
    return console.status(text) if console and console.is_terminal else nullcontext()


def _announce(console: Terminal, made: Prepared) -> None:
    """What is about to run: which spec and variants, on which data, and how large."""
    from compose.model.costs.summary import totals

    resolved = made.spec.resolved
    chosen = f"variant {', '.join(resolved.chosen)}" if resolved.chosen else "as it stands"
    overrides = "".join(f" -s {text}" for text in resolved.overrides)
    data = made.spec.values["data"]
    console.print(printable(f"{resolved.file}, {chosen}{overrides}"), style="bold")
    console.print(f"data {data['use'] if isinstance(data, dict) else data}, seed {made.seed}")
    console.print(totals(made.shaped, made.batch, made.episodes).text)
