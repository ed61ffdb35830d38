"""``compose compare RUN… | SPEC``: trained models beside one another, and beside what their papers print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from compose.cli.arguments.complete import swept_names
from compose.cli.options import AsJson, BlockFiles

if TYPE_CHECKING:
    from compose import Comparison

Compared = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN…|SPEC…|TABLE",
        help="Folders of runs, folders that hold runs, or specs: all their runs in runs/ count. Or a table of the zoo: "
        "its rows, from the folders beside it or from runs/tables.",
        autocompletion=swept_names,
        show_default=False,
    ),
]


def compare(
    runs: Compared,
    variant: Annotated[
        list[str] | None,
        typer.Option("--variant", "-v", metavar="NAME", help="Of a spec only runs with this variant; may be repeated."),
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            "-s",
            metavar="KEY=VALUE",
            help="Of a table: as its sweep was given; -v likewise.",
            show_default=False,
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", metavar="NAME", help="Only these columns: map, zsl, or zsl/map; may be repeated."),
    ] = None,
    printed: Annotated[
        Literal["own", "all", "none"],
        typer.Option(help="Which rows of the papers' tables: those named like a compared model, all, or none."),
    ] = "own",
    form: Annotated[
        Literal["terminal", "markdown", "csv", "latex"], typer.Option("--format", help="How it is printed.")
    ] = "terminal",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it to a .md, .csv, .tex or .json file, too."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw means and intervals into an .svg file.")
    ] = None,
    blocks: BlockFiles = None,
    as_json: AsJson = False,
) -> None:
    """Compare trained models: a row for each, the mean over seeds with its 95% interval, and the papers' figures.

    Results share a column only where their protocols agree; below the tables stands how others differ. A run that has
    not ended, or cannot be read, is told and left out. A table (`compose list tables`) has the rows of a paper in its
    order, and the paper's figures beside ours; -o FILE.md writes it as a page, with the command of each row.
    """
    from compose import compare as compare_runs
    from compose.cli.console import echo, echo_json, note, status

    _check(output, plot)
    with status("reading the runs"):
        found = compare_runs(
            *runs,
            variants=variant or (),
            overrides=override or (),
            blocks=blocks or (),
            metrics=metric or (),
            printed=printed,
        )
    for line in found.skipped:
        note(line)
    for path in (output, plot):
        if path is not None:
            found.write(path)
    if as_json:
        echo_json(found.to_json(), indent=2)
    elif form == "terminal":
        print_comparison(found)
    else:
        text = {"markdown": found.markdown, "csv": found.csv, "latex": found.latex}[form]()
        echo(text, end="")


def _check(output: Path | None, plot: Path | None) -> None:
    from compose.errors import UsageError

    if output is not None and output.suffix not in (".md", ".csv", ".tex", ".json"):
        raise UsageError(f"-o {output}: expected a name that ends in .md, .csv, .tex or .json")
    if plot is not None and plot.suffix != ".svg":
        raise UsageError(f"--plot {plot}: expected a name that ends in .svg")


def print_comparison(found: Comparison) -> None:
    """Print a comparison as a table for people."""
    from compose.cli.console import out
    from compose.evaluation.comparison.comparison_table import TEXT_WIDTH, table
    from compose.terminal import Terminal

    console = out()
    if console.is_terminal:
        console.print(table(found, width=console.width, starred=False), soft_wrap=False)
    else:
        Terminal(width=TEXT_WIDTH).print(table(found))
