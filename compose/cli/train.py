"""``compose train SPEC``: from a spec to a trained and evaluated model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from compose.cli.arguments.complete import spec_names
from compose.cli.options import BlockFiles, Device, KeyValues, Loggers, Variants
from compose.shown import printable

if TYPE_CHECKING:
    from compose import Run


def train(
    spec: Annotated[
        str | None,
        typer.Argument(
            metavar="SPEC",
            help="A YAML file, a packaged spec such as zoo/ml2p.yaml (`compose list zoo`), or a run to repeat.",
            autocompletion=spec_names,
            show_default=False,
        ),
    ] = None,
    variant: Variants = None,
    override: KeyValues = None,
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
    strategy: Annotated[
        Literal["ddp", "fsdp"],
        typer.Option(
            "--strategy",
            help="What each process that torchrun starts keeps of the weights: all (ddp), or a part (fsdp).",
        ),
    ] = "ddp",
    log: Loggers = None,
    blocks: BlockFiles = None,
) -> None:
    """Train the model of a spec, evaluate it, and write a report."""
    import compose
    from compose.processes.launched import is_first_process

    spec, resume = _swapped(spec, resume)
    run = compose.train(
        spec,
        variants=variant or (),
        overrides=override or (),
        blocks=blocks or (),
        out=out,
        device=device,
        strategy=strategy,
        resume=resume if resume else resume is not None,
        log=log,
    )
    if is_first_process():
        _print(run)


def _swapped(spec: str | None, resume: str | None) -> tuple[str | None, str | None]:
    """``--resume SPEC`` means the newest run of SPEC."""
    if spec is None and resume and resume.endswith((".yaml", ".yml")):
        return resume, ""
    return spec, resume


def _print(run: Run) -> None:
    from compose.cli.console import err
    from compose.cli.printing.print_result import print_result

    if run.results is not None:
        print_result(run.results)
    minutes, seconds = divmod(round(run.report["seconds"]), 60)
    told = f"{run.report['steps']:,} steps in {minutes} min {seconds} s; everything is in {run.folder}"
    err().print(f"\n{printable(told)}")
