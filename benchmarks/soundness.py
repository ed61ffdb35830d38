"""Random specs from all that is registered: what validates must train and evaluate, what is refused must fail.

    python -m benchmarks.soundness [--specs 3000] [--seed 1] [--jobs 2] [--save failures]

Each spec is drawn by a seed of its own: graphs of blocks over ports that fit, losses, stages, tasks, label spaces; a
third of them with a mistake that people make. One that ``compose validate`` accepts is trained and evaluated; of one
that is refused, each error is confirmed on real tensors, by an interpreter that shares no code with the framework's
wiring and shapes. Printed: both counts, the codes of the errors, how often each block and loss was drawn, and in how
many specs the framework was wrong. Those are kept in a folder, shrunk. Asked for: none.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import torch

from compose.registry.registry import registry
from tests.soundness.tally import Tally, tally

CHUNK = 25
"""Specs that a process judges before it reports."""


def judged(work: tuple[range, Path]) -> Tally:
    """The specs of some seeds."""
    torch.set_num_threads(1)
    seeds, save = work
    return tally(seeds, save=save)


def all_judged(seeds: range, jobs: int, save: Path) -> Iterable[Tally]:
    """The specs of all seeds, chunk by chunk."""
    work = [(seeds[start : start + CHUNK], save) for start in range(0, len(seeds), CHUNK)]
    if jobs == 1:
        yield from map(judged, work)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(judged, work)


def report(found: Tally, seconds: float) -> None:
    """Print what came of the specs."""
    total = found.accepted + found.refused
    diverged = (
        f" ({found.diverged} ended in a loss that is not finite, with an error that says so)" if found.diverged else ""
    )
    print(f"{total} specs in {seconds:.0f} s")
    print(f"  {found.accepted} accepted: all but the failures below trained and evaluated{diverged}")
    print(f"  {found.refused} refused: all but the failures below for reasons that real tensors confirm")
    print("\nerrors: " + ", ".join(f"{code} {count}" for code, count in found.codes.most_common()))
    print("\nblocks and losses, drawn (in accepted specs):")
    names = [
        declaration.name
        for kind in ("block", "composite", "loss")
        for declaration in registry().all()
        if declaration.kind == kind
    ]
    print("  " + ", ".join(f"{name} {found.drawn[name]} ({found.used[name]})" for name in names))
    print(f"\n{len(found.failures)} failures")
    for seed, failures in sorted(found.failures.items()):
        print(f"  seed {seed}: {failures[0].splitlines()[0]}")


def main() -> None:
    """Judge and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--specs", type=int, default=3000, help="how many")
    options.add_argument("--seed", type=int, default=1, help="the first one's seed")
    options.add_argument("--jobs", type=int, default=2, help="processes")
    options.add_argument("--save", type=Path, default=Path("failures"), help="where failing specs are kept")
    given = options.parse_args()
    start, found = time.monotonic(), Tally()
    for number, part in enumerate(all_judged(range(given.seed, given.seed + given.specs), given.jobs, given.save), 1):
        found += part
        print(f"\r{min(number * CHUNK, given.specs)} of {given.specs}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report(found, time.monotonic() - start)
    if found.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
