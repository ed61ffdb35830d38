"""``compose diff A B``: how two specs or runs differ, as people talk of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.arguments.complete import spec_names
from compose.cli.options import AsJson, BlockFiles, KeyValues, SpecName, Variants

if TYPE_CHECKING:
    from compose.difference.spec_difference import SpecDifference

STYLES = {
    "added": "green",
    "gone": "red",
    "changed": "yellow",
    "renamed": "cyan",
    "affected": "blue",
    "title": "bold",
    "detail": "",
    "": "",
}
FORMS = (".svg", ".md", ".json", ".txt")


def diff(
    spec: SpecName,
    other: Annotated[
        str | None,
        typer.Argument(
            metavar="[SPEC]",
            help="What it is compared with; the same spec where not given, with -v or -s.",
            autocompletion=spec_names,
            show_default=False,
        ),
    ] = None,
    variant: Variants = None,
    override: KeyValues = None,
    from_variant: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="NAME", help="Lay a variant over the first spec; may be repeated.", show_default=False
        ),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Without parameters and FLOPs: quick, and nothing of the data is read.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Draw both models in one graph, graph.svg; or write .md, .json, .txt.",
        ),
    ] = None,
    as_json: AsJson = False,
    blocks: BlockFiles = None,
) -> None:
    """Say how two specs or runs differ: nodes, parameters, wiring, losses, stages, data, protocol, FLOPs.

    compose diff zoo/ml2p.yaml zoo/lesa.yaml compares two specs, either of which may be a run; -v and -s are laid over
    the second. compose diff zoo/ml2p.yaml -v no-pyramid compares a spec with its variant. + is added, - gone, ~
    changed, = renamed, and > costs otherwise as other tensors reach it. Equal or not, the exit code is 0.
    """
    import compose
    from compose.cli.console import done, echo_json, status

    _check(output)
    with status("comparing"):
        found = compose.diff(
            spec,
            other,
            from_variants=from_variant or (),
            variants=variant or (),
            overrides=override or (),
            blocks=blocks or (),
            costs=not fast,
        )
    if output is not None:
        _write(found, output)
    if as_json:
        echo_json(found.to_json(), indent=2)
    else:
        _print(found)
    if output is not None:
        done(f"wrote {output}")


def _print(found: SpecDifference) -> None:
    from compose.cli.console import echo
    from compose.difference.told import lines

    for line in lines(found):
        echo(str(line), style=STYLES[line.of])


def _write(found: SpecDifference, output: Path) -> None:
    from compose.shown import json_text

    texts = {
        ".svg": lambda: found.svg,
        ".md": lambda: found.markdown,
        ".json": lambda: f"{json_text(found.to_json(), indent=2)}\n",
        ".txt": lambda: f"{found.text}\n",
    }
    output.write_text(texts[output.suffix](), "utf-8")


def _check(output: Path | None) -> None:
    from compose.errors import UsageError

    if output is not None and output.suffix not in FORMS:
        raise UsageError(f"-o {output}: expected a name that ends in {', '.join(FORMS[:-1])} or {FORMS[-1]}")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"-o {output}: there is no folder {output.parent}")
