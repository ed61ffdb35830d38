"""Changed specs, of the zoo and random, each accepted by ``validate`` or refused with a message at its place.

    python -m benchmarks.fuzz [--specs 20000] [--seed 1] [--jobs 2] [--save failures]

Each spec is changed as a tree, as text, or both, and overrides are laid over some. A failure is a traceback, a message
without a place, more than 5 s of the processor, more than 2 GiB, or a hang. Printed: how many were accepted and
refused, the codes of the errors, the slowest, and the failures by their kinds, of which one each is kept in a folder.
Asked for: none.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty

import hypothesis
import torch
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.judge import Verdict
from tests.fuzz.specs import Case, cases, texts
from tests.fuzz.watched import WatchedJudge
from tests.soundness.drawn.registered import registered

CHUNK = 250
"""Specs that are drawn by one seed."""


@dataclass
class Tally:
    """What came of some cases."""

    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[Case]] = field(default_factory=dict)

    def add(self, case: Case, verdict: Verdict) -> None:
        """Count a case."""
        self.accepted += verdict.accepted
        self.refused += not verdict.accepted
        self.slowest = max(self.slowest, verdict.seconds)
        self.codes += verdict.codes
        if verdict.failure:
            self.failures.setdefault(verdict.failure, []).append(case)

    def __iadd__(self, other: Tally) -> Tally:
        """Take in the counts of others."""
        self.accepted += other.accepted
        self.refused += other.refused
        self.slowest = max(self.slowest, other.slowest)
        self.codes += other.codes
        for failure, found in other.failures.items():
            self.failures.setdefault(failure, []).extend(found)
        return self


def judged(seed: int, count: int, judge: WatchedJudge) -> Tally:
    """The cases that a seed draws."""
    found = Tally()

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def one(case: Case) -> None:
        found.add(case, judge(case))

    one()
    return found


def _work(seeds: list[tuple[int, int]], results: Queue[Tally]) -> None:
    torch.set_num_threads(1)
    with registered(), WatchedJudge() as judge:
        texts()  # drawn before hypothesis looks after the dice
        for seed, count in seeds:
            results.put(judged(seed, count, judge))
            if os.getppid() == 1:  # whoever wanted them is gone
                return


def all_judged(specs: int, seed: int, jobs: int, save: Path) -> Tally:
    """The cases of all chunks, by several processes."""
    context = multiprocessing.get_context("spawn")
    chunks = [(seed * 1_000_000 + start, min(CHUNK, specs - start)) for start in range(0, specs, CHUNK)]
    results: Queue[Tally] = context.Queue()
    workers = [context.Process(target=partial(_work, chunks[job::jobs], results)) for job in range(jobs)]
    for worker in workers:
        worker.start()
    found = Tally()
    for _ in chunks:
        found += _next(results, workers)
        keep(found, save)
        print(f"{found.accepted + found.refused} of {specs}, failures: {_counted(found)}", file=sys.stderr, flush=True)
    for worker in workers:
        worker.join()
    return found


def _next(results: Queue[Tally], workers: Sequence[BaseProcess]) -> Tally:
    """The next tally, as long as no worker has failed."""
    while True:
        try:
            return results.get(timeout=5)
        except Empty:
            if any(worker.exitcode for worker in workers):
                raise SystemExit("a process that draws specs has failed") from None


def keep(found: Tally, folder: Path) -> None:
    """Keep the shortest case of each kind of failure."""
    for failure, failed in found.failures.items():
        case = min(failed, key=lambda case: len(case.text) + sum(map(len, case.overrides)))
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "-".join(re.findall(r"\w+", failure))[:80]
        kept.with_suffix(".yaml").write_text(case.text, encoding="utf-8", errors="surrogateescape")
        kept.with_suffix(".txt").write_text("\n".join([failure, *map(repr, case.overrides)]) + "\n", encoding="utf-8")


def report(found: Tally, seconds: float) -> None:
    """Print what came of the cases."""
    print(f"{found.accepted + found.refused} specs in {seconds:.0f} s, the slowest in {found.slowest:.1f} s")
    print(f"  {found.accepted} accepted\n  {found.refused} refused")
    print("\nerrors: " + ", ".join(f"{code} {count}" for code, count in found.codes.most_common()))
    print(f"\n{sum(map(len, found.failures.values()))} failures: {_counted(found)}")


def _counted(found: Tally) -> str:
    kinds = sorted(found.failures.items(), key=lambda item: -len(item[1]))
    return ", ".join(f"{len(failed)} x {failure}" for failure, failed in kinds) or "none"


def main() -> None:
    """Judge and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--specs", type=int, default=20_000, help="how many")
    options.add_argument("--seed", type=int, default=1, help="draws them")
    options.add_argument("--jobs", type=int, default=2, help="processes")
    options.add_argument("--save", type=Path, default=Path("failures"), help="where failing specs are kept")
    given_options = options.parse_args()
    start = time.monotonic()
    found = all_judged(given_options.specs, given_options.seed, given_options.jobs, given_options.save)
    report(found, time.monotonic() - start)
    if found.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
