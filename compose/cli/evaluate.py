"""``compose evaluate RUN``: measure a trained model again, by another protocol or on other data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import AsJson, BlockFiles, Device, Overrides, Run, Weights

if TYPE_CHECKING:
    from compose.evaluation.result import Result
    from compose.training.prepare import Prepared
    from compose.training.storage.find_run import FoundRun


def evaluate(
    run: Run,
    override: Overrides = None,
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
    from compose.cli.printing.print_result import print_result
    from compose.cli.specs import read, ready
    from compose.training.storage.find_run import find_run

    _check(output)
    found = find_run(run)
    made = ready(read(str(found.lock), None, override, blocks), scoring=True)
    result = _measure(made, found, weights=weights, device=device)
    if output is not None:
        _write(result, output)
    if as_json:
        print(json.dumps(result.to_json(), indent=2, allow_nan=False))
    else:
        print_result(result)


def _measure(made: Prepared, run: FoundRun, *, weights: str | None, device: str) -> Result:
    from compose.cli.console import status

    with status("evaluating"):
        from compose.training.device import choose_device
        from compose.training.final_report import final_evaluation, write_modules
        from compose.training.run_plan import RunPlan
        from compose.training.storage.run_folder import RunFolder

        target = choose_device(device)
        built = made.build()
        run.load(built, weights)
        for graph in (built.training, built.inference, built.looking):
            graph.to(target).eval()
        title = str(run.folder)
        plan = RunPlan(built, made.source, made.space, (), made.evaluation, made.seed, "", title, made.adaptation)
        result = final_evaluation(plan, target)
        assert result is not None
        write_modules(result, RunFolder(run.folder))
    return result


def _check(output: Path | None) -> None:
    from compose.errors import UsageError

    if output is not None and output.suffix not in (".json", ".md"):
        raise UsageError(f"-o {output}: expected a name that ends in .json or .md")


def _write(result: Result, output: Path) -> None:
    from compose.evaluation.result_table import markdown

    output.write_text(result.dumps() if output.suffix == ".json" else markdown(result), "utf-8")
