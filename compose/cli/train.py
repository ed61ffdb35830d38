"""``compose train SPEC``: from a spec to a trained and evaluated model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.complete import spec_names
from compose.cli.options import BlockFiles, Device, Overrides, Variants

if TYPE_CHECKING:
    from rich.console import Console

    from compose.spec.read import Spec
    from compose.training.final_report import Outcome
    from compose.training.prepare import Prepared
    from compose.training.storage.run_folder import RunFolder


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A YAML file, or a packaged spec such as zoo/ml2p.yaml (`compose list zoo`).",
            autocompletion=spec_names,
            show_default=False,
        ),
    ] = None,
    variant: Variants = None,
    override: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The run's folder; runs/NAME/TIME where not given."),
    ] = None,
    device: Device = "auto",
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="[RUN]",
            help="Go on with a run from its newest checkpoint; without RUN, with the newest run of the spec.",
            show_default=False,
        ),
    ] = None,
    blocks: BlockFiles = None,
) -> None:
    """Train the model of a spec, evaluate it, and write a report."""
    from compose.cli.specs import read

    spec, resume = _swapped(spec, resume)
    source, folder = _resumed(spec, resume, variant, out)
    found = read(source, variant, override, blocks)
    outcome = _run(found, folder, device=device, out=out, blocks=blocks)
    if _is_first_process():
        _print(outcome)


def _swapped(spec: str | None, resume: str | None) -> tuple[str | None, str | None]:
    """``--resume SPEC`` means the newest run of SPEC."""
    if spec is None and resume and resume.endswith((".yaml", ".yml")):
        return resume, ""
    return spec, resume


def _resumed(
    spec: str | None, resume: str | None, variants: list[str] | None, out: Path | None
) -> tuple[str, Path | None]:
    """The spec to read, and the folder of the run to go on with; None for a new one.

    Raises:
        UsageError: there is no such run, or the command line names neither a spec nor a run.
    """
    from compose.errors import UsageError
    from compose.training.storage.find_run import find_run

    if resume is None:
        if spec is None:
            raise UsageError("expected a spec to train, such as zoo/ml2p.yaml, or --resume RUN")
        return spec, None
    if resume:
        run = find_run(Path(resume))
        return spec or str(run.lock), run.folder
    if spec is None:
        raise UsageError("--resume needs the folder of a run, or a spec whose newest run goes on")
    return spec, out or _newest(spec, variants)


def _newest(spec: str, variants: list[str] | None) -> Path:
    from compose.errors import UsageError
    from compose.spec.layers.resolve import resolve
    from compose.training.storage.find_run import ROOT, newest_run

    name = resolve(spec, variants=variants or ()).name
    folder = newest_run(ROOT / name)
    folder = folder or (ROOT / name if (ROOT / name / "spec.lock.yaml").is_file() else None)
    if folder is None:
        raise UsageError(f"there is no run of `{name}` in {ROOT}/ to go on with; without --resume a new one begins")
    return folder


def _run(found: Spec, folder: Path | None, *, device: str, out: Path | None, blocks: list[Path] | None) -> Outcome:
    from compose.cli.console import err, status
    from compose.cli.specs import ready
    from compose.errors import SpecError, SpecErrors
    from compose.training.storage.find_run import new_folder

    console = err() if _is_first_process() else None
    if not found.tree.get("train"):
        raise SpecErrors([SpecError("missing-key", "the spec has no `train:`", found.tree.place, "a list of stages")])
    made = ready(found, data=_is_first_process())
    with status("building the model"):
        from compose.training.run_plan import RunPlan
        from compose.training.storage.lock import lock_text
        from compose.training.storage.run_folder import RunFolder
        from compose.training.trainer import train as run

        built = made.build()
    target = RunFolder(folder) if folder else new_folder(out, found.resolved.name)
    lock = lock_text(found, seed=made.seed, blocks=blocks or ())
    if console:
        _announce(console, made, target)
    plan = RunPlan(
        built,
        made.source,
        made.space,
        made.stages,
        made.evaluation,
        made.seed,
        lock,
        found.resolved.name,
        made.adaptation,
    )
    return run(plan, target, device=device, resume=folder is not None, console=console)


def _announce(console: Console, made: Prepared, folder: RunFolder) -> None:
    """What is about to run: which spec and variants, on which data, how large, and where it goes."""
    from compose.model.summary import totals

    resolved = made.spec.resolved
    chosen = f"variant {', '.join(resolved.chosen)}" if resolved.chosen else "as it stands"
    overrides = "".join(f" -s {text}" for text in resolved.overrides)
    data = made.spec.values["data"]
    console.print(f"{resolved.file}, {chosen}{overrides}", style="bold", markup=False)
    console.print(f"data {data['use'] if isinstance(data, dict) else data}, seed {made.seed}", markup=False)
    console.print(totals(made.shaped, made.batch, made.episodes).text, markup=False)
    console.print(f"run folder {folder.path}\n", markup=False)


def _print(outcome: Outcome) -> None:
    from compose.cli.console import err
    from compose.cli.printing.print_result import print_result

    if outcome.result is not None:
        print_result(outcome.result)
    minutes, seconds = divmod(round(outcome.seconds), 60)
    err().print(
        f"\n{outcome.steps:,} steps in {minutes} min {seconds} s; everything is in {outcome.folder}", markup=False
    )


def _is_first_process() -> bool:
    return os.environ.get("RANK", "0") == "0"
