"""DESIRE-Net and its baselines on one division of a data set, in a table.

    python -m benchmarks.desire_net OUT [SPEC[:VARIANT|:KEY=VALUE...] ...] [-s KEY=VALUE ...]

Trains each spec with ``compose train`` into a folder below OUT, unless it is there already, and prints for every task
micro-AUC, micro-F1 at 0.5 and at the threshold of the validation tasks, and macro-F1, with 95% intervals, beside the
all-positive predictor and the label prior. Variants and values after a spec are its own; ``-s`` goes to all of them, so
that all see the same tasks:

    python -m benchmarks.desire_net runs/delicious zoo/desire-net.yaml:delicious zoo/baselines/maml.yaml:delicious \\
        -s data.folder=DIR -s data.split=split.json -s labels.vectors.path=glove.txt

Without specs: DESIRE-Net, MAML, MAML++, Reptile and `pretrained`, as they stand.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BASELINES = ("maml", "maml-plus-plus", "reptile", "pretrained")
SPECS = ("zoo/desire-net.yaml", *(f"zoo/baselines/{name}.yaml" for name in BASELINES))
KEYS = ("micro_auc", "micro_f1", "micro_f1(threshold=validation)", "macro_f1")
HEADERS = ("task", "model", "AUC", "micro-F1", "micro-F1 tuned", "macro-F1")


def trained(spec: str, out: Path, overrides: list[str]) -> dict[str, Any]:
    """The tasks in the report of a run, which is made if it is not there."""
    path, *changes = spec.split(":")
    folder = out / "-".join([Path(path).stem, *(change.replace("=", "") for change in changes)])
    if not (folder / "report.json").exists():
        options = [part for change in changes for part in ("-s" if "=" in change else "-v", change)]
        options += [part for value in overrides for part in ("-s", value)]
        command = [sys.executable, "-m", "compose", "train", path, *options, "--out", str(folder)]
        subprocess.run(command, check=True)
    report = json.loads((folder / "report.json").read_text())
    minutes, seconds = divmod(round(report["seconds"]), 60)
    print(f"{folder.name}: {minutes} min {seconds} s", file=sys.stderr)
    return dict(report["result"]["tasks"])


def rows(results: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The lines of the table, task by task."""
    first = next(iter(results.values()))
    for task in first:
        for name, of_model in results.items():
            if task in of_model:
                yield (task, name, *(_shown(of_model[task], key) for key in KEYS))
        yield (task, "all positive", "50.0", *(_percent(first[task]["all_positive"].get(key)) for key in KEYS[1:]))
        yield (task, "label prior", *(_percent(first[task]["prior"].get(key)) for key in KEYS))


def _shown(result: dict[str, Any], key: str) -> str:
    if key not in result["metrics"]:
        return "–"
    return f"{100 * result['metrics'][key]:.1f} ± {100 * result['intervals'][key]:.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def main() -> None:
    """Train and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("specs", nargs="*", default=list(SPECS))
    options.add_argument("-s", dest="overrides", action="append", default=[])
    given = options.parse_args()
    results = {spec.removeprefix("zoo/"): trained(spec, given.out, given.overrides) for spec in given.specs}
    for line in (HEADERS, ("---",) * len(HEADERS), *rows(results)):
        print(f"| {' | '.join(line)} |")


if __name__ == "__main__":
    main()
