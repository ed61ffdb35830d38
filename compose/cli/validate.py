"""``compose validate SPEC...``: every mistake of every file at once."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from compose.cli.arguments.complete import sweep_names, swept_names
from compose.cli.options import BlockFiles, KeyValues, Variants
from compose.shown import printable

if TYPE_CHECKING:
    from compose import Validation


def validate(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC...",
            help="YAML files, packaged specs or tables, or runs.",
            autocompletion=swept_names,
            show_default=False,
        ),
    ],
    fast: Annotated[
        bool, typer.Option("--fast", help="Only the text, the names and the wiring: no shapes, no data.")
    ] = False,
    all_variants: Annotated[
        bool, typer.Option("--all-variants", help="Work out the shapes of every variant too, not only its wiring.")
    ] = False,
    sweep: Annotated[
        str | None,
        typer.Option(
            "--sweep", metavar="NAME", help="Check every member of a sweep instead.", autocompletion=sweep_names
        ),
    ] = None,
    variant: Variants = None,
    override: KeyValues = None,
    style: Annotated[Literal["text", "json"], typer.Option("--format", help="json is for other programs.")] = "text",
    blocks: BlockFiles = None,
) -> None:
    """Check specs without training: text, names and wiring of all variants; then shapes, memory, labels and data."""
    import compose
    from compose.cli.console import echo_json, status
    from compose.errors import SpecErrors

    reports = []
    for spec in specs:
        with nullcontext() if fast else status(f"checking {spec}"):
            report = compose.validate(
                spec,
                variants=variant or (),
                overrides=override or (),
                blocks=blocks or (),
                fast=fast,
                all_variants=all_variants,
                sweep=sweep,
            )
        reports.append(report)
        if style == "text" and report.errors and len(specs) == 1:
            raise SpecErrors(report.errors)  # printed as those of any command, with --debug too
        if style == "text":
            _print(report, first=len(reports) == 1)
    if style == "json":
        echo_json({"files": [report.to_json() for report in reports]}, indent=2)
    raise typer.Exit(0 if all(reports) else 2)


def _print(report: Validation, *, first: bool) -> None:
    from compose.cli.console import err, note, out
    from compose.cli.failures import print_errors

    if report.errors:
        if not first:
            err().print()
        print_errors(report.errors)
    else:
        from rich.text import Text

        out().print(Text.assemble(("ok ", "bold green"), (printable(report.file), "green"), f": {report.text}"))
        for text in report.notes:
            note(text)
