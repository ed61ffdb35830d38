"""``compose evaluate RUN``: measure a trained model again, by another protocol or on other data."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from compose.cli.options import AsJson, BlockFiles, Device, KeyValues, RunPath, Weights


def evaluate(
    run: RunPath,
    override: KeyValues = None,
    weights: Weights = None,
    device: Device = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER",
            help="Write the result to result.json or result.md, or all of it into a folder, and nothing into the run.",
        ),
    ] = None,
    as_json: AsJson = False,
    blocks: BlockFiles = None,
) -> None:
    """Evaluate a trained model; say what it reaches on each label and what it gets wrong: results/, errors.html.

    The spec is the run's own. -s changes how it is evaluated: -s evaluate.images=with_positives; or on what:
    -s 'data={use: images, folder: photos, labels: labels.csv}'. Within the same data, null removes a key:
    -s data.labels=null -s data.test=test.csv. What is measured otherwise than the run's report is written only where -o
    says, into a folder with each label's result; so is which labels use which attention module (modules.csv and .svg).
    """
    from compose.cli.console import echo_json, note, status
    from compose.cli.printing.print_result import print_result
    from compose.cli.specs import opened
    from compose.processes.launched import is_first_process
    from compose.training.storage.written_result import check_output

    if output is not None:
        check_output(output)
    found = opened(run, weights=weights, device=device, blocks=blocks)
    first = is_first_process()
    with status("evaluating") if first else nullcontext():
        result = found.evaluate(overrides=override or (), out=output, tell=note if first else None)
    if not first:
        return
    if as_json:
        echo_json(result.to_json(), indent=2)
    else:
        print_result(result)
