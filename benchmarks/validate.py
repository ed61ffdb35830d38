"""What ``compose validate`` costs beside ``import torch``, each as a whole process.

    python -m benchmarks.validate              every paper's spec
    python -m benchmarks.validate zoo/ml2p.yaml --rounds 15

Measure on an idle machine of two cores or more.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.measure import medians

SPECS = ("ml2p", "lesa", "rgcn-posvae", "desire-net", "stanet")
TORCH = "import torch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("specs", nargs="*", default=[f"zoo/{name}.yaml" for name in SPECS])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    calls = {TORCH: process(sys.executable, "-c", TORCH)}
    command = Path(sys.executable).with_name("compose")
    calls |= {spec: process(str(command), "validate", spec) for spec in options.specs}
    found = medians(calls, options.rounds)
    print(f"{TORCH}: {found[TORCH]:.2f} s")
    for spec in options.specs:
        print(f"compose validate {spec}: {found[spec]:.2f} s, {found[spec] / found[TORCH]:.2f} x")


def process(*command: str) -> Callable[[], object]:
    """A command as a process of its own."""
    return partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
