"""``compose evaluate RUN``: measure a trained model again, by another protocol or on other data."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import AsJson, BlockFiles, Device, KeyValues, RunPath, Weights

if TYPE_CHECKING:
    from compose.evaluation.result import Result


def evaluate(
    run: RunPath,
    override: KeyValues = None,
    weights: Weights = None,
    device: Device = "auto",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the result to result.json or result.md, too."),
    ] = None,
    as_json: AsJson = False,
    blocks: BlockFiles = None,
) -> None:
    """Evaluate a trained model; where it has attention modules, say which labels use them in modules.csv and .svg.

    The spec is the run's own. -s changes how it is evaluated: -s evaluate.images=with_positives; or on what:
    -s 'data={use: images, folder: photos, labels: labels.csv}'. Within the same data, null removes a key:
    -s data.labels=null -s data.test=test.csv.
    """
    from compose.cli.console import echo_json, note, status
    from compose.cli.printing.print_result import print_result
    from compose.cli.specs import opened
    from compose.processes.launched import is_first_process

    _check(output)
    found = opened(run, weights=weights, device=device, blocks=blocks)
    first = is_first_process()
    with status("evaluating") if first else nullcontext():
        result = found.evaluate(overrides=override or (), tell=note if first else None)
    if not first:
        return
    if output is not None:
        _write(result, output)
    if as_json:
        echo_json(result.to_json(), indent=2)
    else:
        print_result(result)


def _check(output: Path | None) -> None:
    from compose.errors import UsageError

    if output is not None and output.suffix not in (".json", ".md"):
        raise UsageError(f"-o {output}: expected a name that ends in .json or .md")


def _write(result: Result, output: Path) -> None:
    from compose.evaluation.result_table import markdown

    output.write_text(result.dumps() if output.suffix == ".json" else markdown(result), "utf-8")
