"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from compose.cli.arguments.complete import spec_names, swept_names, variant_names

SpecName = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="A YAML file, a packaged spec such as zoo/ml2p.yaml (`compose list zoo`), or a run.",
        autocompletion=spec_names,
        show_default=False,
    ),
]
SweptName = Annotated[
    str,
    typer.Argument(
        metavar="SPEC|TABLE",
        help="A YAML file or a packaged spec (`compose list zoo`), or a table (`compose list tables`).",
        autocompletion=swept_names,
        show_default=False,
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant",
        "-v",
        metavar="NAME",
        help="Lay a variant of the spec over it; may be repeated.",
        autocompletion=variant_names,
        show_default=False,
    ),
]
KeyValues = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="KEY=VALUE",
        help="Set one value, such as train.main.epochs=3; parsed as YAML, may be repeated.",
        show_default=False,
    ),
]
BlockFiles = Annotated[
    list[Path] | None,
    typer.Option("--blocks", metavar="FILE", help="A Python file with blocks of your own.", show_default=False),
]
Device = Annotated[
    str, typer.Option("--device", metavar="auto|cpu|cuda", help="Where to compute; cuda:1 names one of several GPUs.")
]
RunPath = Annotated[
    Path,
    typer.Argument(metavar="RUN", help="The folder of a run, or one of its weights files.", show_default=False),
]
Weights = Annotated[
    Literal["last", "best"] | None,
    typer.Option("--weights", help="Which weights of the run; by default those that training ended with."),
]
Loggers = Annotated[
    list[str] | None,
    typer.Option(
        "--log",
        metavar="wandb|mlflow",
        help="Log to W&B or MLflow beside TensorBoard; may be repeated. A run that goes on is logged as before; `none` "
        "ends that.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
