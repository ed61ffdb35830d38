"""``compose sweep SPEC|TABLE``: every member of a grid, or every row of a table, from several seeds."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compose.cli.arguments.complete import sweep_names, variant_names
from compose.cli.options import BlockFiles, Loggers, SweptName

if TYPE_CHECKING:
    from compose import Sweep

HEADERS = ("run", "member", "seed", "state")


def sweep(
    spec: SweptName,
    name: Annotated[
        str | None,
        typer.Option("--sweep", metavar="NAME", help="A sweep of the spec.", autocompletion=sweep_names),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            "-v",
            metavar="A,B,C",
            help="Variants to try: a+b lays two, base none; several -v are several axes. One alone is for all members.",
            autocompletion=variant_names,
            show_default=False,
        ),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="KEY=1,2,3",
            help="Values to try, each as YAML: KEY=[1,2],[3] are two lists. One value alone is set in all members.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", metavar="N", help="Train each member from seeds 0 to N-1; 3,5 names them.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where the runs lie; runs/NAME-SWEEP where not given, of a table runs/tables."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", help="How many are trained side by side; one by default."),
    ] = None,
    device: Annotated[
        str,
        typer.Option("--device", metavar="auto|cpu|cuda", help="Where to compute; cuda:0,cuda:1 are taken in turn."),
    ] = "auto",
    search: Annotated[
        int | None,
        typer.Option(
            "--search",
            metavar="N",
            help="Let Optuna choose N members by what they validate; -s KEY=1e-4..1e-2 is a range, :log or :linear.",
            show_default=False,
        ),
    ] = None,
    objective: Annotated[
        str | None,
        typer.Option(
            "--objective",
            metavar="METRIC",
            help="Of a search: what is made great on the validation split, zsl/map or val/map; by default what the "
            "last stage monitors.",
            show_default=False,
        ),
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="FILE|URL",
            help="Of a search: a file or a database that several machines share; DIR/study.journal where not given.",
            show_default=False,
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            "--ray",
            metavar="ADDRESS",
            help="Train on a Ray cluster: HOST:6379, ray://HOST:10001, auto, or local to start one here. Its machines "
            "have this compose, share the current folder (spec, block files, runs), and see the data under the same "
            "paths. By default one run for each GPU of the cluster, or for each core.",
            show_default=False,
        ),
    ] = None,
    log: Loggers = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the runs, and train none.")] = False,
    blocks: BlockFiles = None,
) -> None:
    """Train every member of a grid, or every row of a paper's table, from several seeds, and compare them.

    All members are checked first. A run that fails is told, and the others go on. What has ended is not trained again
    and what was stopped goes on, so that the same command finishes a sweep.
    """
    import compose
    from compose.cli.console import status

    options: dict[str, Any] = {
        "sweep": name,
        "seeds": _seeds(seeds),
        "variants": variant or (),
        "overrides": override or (),
        "blocks": blocks or (),
        "out": out,
        "jobs": jobs,
        "device": device,
        "ray": ray,
        "log": log or (),
    }
    if search is not None or objective or storage:
        _search(spec, search, dry_run=dry_run, objective=objective, storage=storage, **options)
        return
    with status("reading the members") if dry_run else nullcontext():
        found = compose.sweep(spec, dry_run=dry_run, **options)
    if dry_run:
        _print_runs(found)
    else:
        _print(found)
        raise typer.Exit(1 if found.failed else 0)


def _search(spec: str, count: int | None, *, dry_run: bool, **options: Any) -> None:
    import compose
    from compose.cli.console import done, table
    from compose.errors import UsageError

    if count is None:
        raise UsageError("--objective and --storage are of a search; expected --search N")
    if dry_run:
        raise UsageError("--dry-run: what a search tries is known when it is tried; expected --search without it")
    found = compose.search(spec, trials=count, **options)
    rows = [(str(trial.number), _percent(trial.value), trial.state, trial.member.name) for trial in found.trials]
    table(("trial", found.objective, "state", "member"), rows, right=(0, 1), indent=0)
    if found.best is None:
        done("error: no trial has ended well")
        raise typer.Exit(1)
    done(f"train the best, and evaluate it as the spec says, with: {found.command}")


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"


def _seeds(text: str | None) -> int | list[int] | None:
    from compose.errors import UsageError

    if text is None:
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {text}: expected a number of seeds, or seeds such as 3,5") from None
    return numbers if numbers[1:] else numbers[0]


def _print_runs(found: Sweep) -> None:
    from compose.cli.console import table

    rows = [(str(run.folder), run.member, str(run.seed), run.state) for run in found.runs]
    table(HEADERS, rows, right=(2,), indent=0)


def _print(found: Sweep) -> None:
    """The table of the members, what has failed, and how it is seen again."""
    from compose.cli.console import done
    from compose.cli.many_runs.compare import print_comparison
    from compose.shown import message_text

    if found.comparison is not None:
        print_comparison(found.comparison)
        done(f"see it again with: {found.seen_with}")
    for run in found.failed:
        done(message_text(f"error: {run.folder.name} has failed: {run.failure}"))
    if found.failed:
        done(f"{len(found.failed)} of {len(found.runs)} runs have failed; the same command tries them again")
