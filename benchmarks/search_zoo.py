"""A search over a declared space of architectures, on labels held out of the seen ones.

    python -m benchmarks.search_zoo OUT [--space benchmarks/search_space.yaml] [--draw 10] [--keep 3] [--seed 0]

The space is a spec whose sweeps are its axes: an architecture takes one member of each. So many are drawn at random,
after the one that takes the first member everywhere, and trained for a few epochs; the best of them are trained again
for all epochs of the spec (successive halving, in two rungs). What is best is said by the harmonic mean of the mAP on
held-out and on trained labels, of :mod:`benchmarks.held_out_labels`: no unseen label and no test picture of
``glyph_scenes`` takes part. What has ended below OUT is read and not trained again.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from functools import reduce
from pathlib import Path

import compose
from compose.api.reading import read
from compose.api.run import Run
from compose.spec.layers.sweep import Member, sweep

HERE = Path(__file__).parent
DATA = HERE / "held_out_labels.py"


def drawn(space: Path, count: int, seed: int) -> list[Member]:
    """Different architectures of the space, the plainest first.

    Args:
        space: a spec whose sweeps are the axes.
        count: how many architectures.
        seed: another seed draws others.
    """
    resolved = read(space, blocks=DATA).resolved
    axes = [sweep(resolved, name) for name in resolved.sweeps]
    dice = random.Random(seed)
    found = {(plain := _joined([axis[0] for axis in axes])).name: plain}
    while len(found) < count:
        another = _joined([dice.choice(axis) for axis in axes])
        found[another.name] = another
    return list(found.values())


def _joined(choice: Sequence[Member]) -> Member:
    return reduce(Member.__add__, choice)


def trained(space: Path, member: Member, folder: Path, epochs: int | None) -> Run:
    """The run of an architecture, which is made if it is not there.

    Args:
        space: the spec.
        member: the variants and values of the architecture.
        folder: where the run lies.
        epochs: how long it is trained; as long as the spec says where not given.
    """
    if (folder / "report.json").is_file():
        return Run(folder)
    overrides = [*member.overrides, *([] if epochs is None else [f"train.main.epochs={epochs}"])]
    return compose.train(space, variants=member.variants, overrides=overrides, blocks=DATA, out=folder, progress=False)


def merit(run: Run) -> float:
    """The harmonic mean of the mAP on held-out labels and on trained ones."""
    unseen, seen = (_map(run, task) for task in ("zsl", "seen"))
    return 2 * unseen * seen / (unseen + seen)


def _map(run: Run, task: str) -> float:
    assert run.results is not None, "the space evaluates"
    return run.results[task].metrics["map"]


def rung(space: Path, members: Sequence[Member], out: Path, epochs: int | None) -> list[Member]:
    """The architectures, the best first; their figures are printed as they end."""
    found = []
    for member in members:
        run = trained(space, member, out / member.name.replace(", ", "_"), epochs)
        found.append((merit(run), member))
        numbers = (merit(run), _map(run, "zsl"), _map(run, "seen"))
        shown = " | ".join(f"{100 * number:.1f}" for number in numbers)
        print(f"| {out.name} | {member.name} | {shown} | {run.report['seconds']:.0f} s |", flush=True)
    return [member for _, member in sorted(found, key=lambda scored: -scored[0])]


def main() -> None:
    """Search and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--space", type=Path, default=HERE / "search_space.yaml")
    options.add_argument("--draw", type=int, default=10)
    options.add_argument("--keep", type=int, default=3)
    options.add_argument("--epochs", type=int, default=3)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    print("| rung | architecture | merit | held out | trained | time |\n| --- | --- | --- | --- | --- | --- |")
    members = drawn(given.space, given.draw, given.seed)
    kept = rung(given.space, members, given.out / "short", given.epochs)[: given.keep]
    best, *_ = rung(given.space, kept, given.out / "full", None)
    print(f"\nbest: {best.name}")


if __name__ == "__main__":
    main()
