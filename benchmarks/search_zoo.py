"""A search over a declared space of architectures, on labels held out of the seen ones.

    python -m benchmarks.search_zoo OUT [--space benchmarks/search_space.yaml] [--start 7] [--epochs 3]

The space is a spec whose sweeps are its axes: an architecture takes one member of each, the plainest the first of all.
The plainest is trained first, and all start from its backbone, as the papers' models start from one. Then the axes are
searched one after the other: each of an axis' members is trained for a few epochs with what was found before, and the
best is kept. The plainest and the three best of all are trained for all epochs of the spec at the end, as what learns
fast need not be what ends best. What is best is said by the harmonic mean of the mAP on held-out and on trained labels,
of :mod:`benchmarks.held_out_labels`: no unseen label and no test picture of ``glyph_scenes`` takes part. What has ended
below OUT is read and not trained again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import reduce
from pathlib import Path

import compose
from compose.api.reading import read
from compose.api.run import Run
from compose.spec.layers.sweep import Member, sweep

HERE = Path(__file__).parent
DATA = HERE / "held_out_labels.py"
FINALISTS = 3
"""How many architectures are trained for all epochs, besides the plainest."""


class Rung:
    """Architectures that are trained alike.

    Args:
        space: the spec.
        out: where the runs lie.
        values: what they have in common besides the space's, as ``key=value``.
    """

    def __init__(self, space: Path, out: Path, *values: str) -> None:
        self.space, self.out, self.values = space, out, values
        self._merits: dict[Member, float] = {}

    def merit(self, member: Member) -> float:
        """The harmonic mean of the mAP on held-out labels and on trained ones; printed when it is first asked for."""
        if member not in self._merits:
            run = self.run(member)
            held_out, trained = (_map(run, task) for task in ("zsl", "seen"))
            merit = self._merits[member] = 2 * held_out * trained / (held_out + trained)
            numbers = " | ".join(f"{100 * number:.1f}" for number in (merit, held_out, trained))
            print(f"| {self.out.name} | {member.name} | {numbers} | {run.report['seconds']:.0f} s |", flush=True)
        return self._merits[member]

    def best(self, members: Iterable[Member]) -> Member:
        """The best of some architectures."""
        return max(members, key=self.merit)

    def finalists(self) -> list[Member]:
        """The best of all that was trained."""
        return sorted(self._merits, key=self.merit, reverse=True)[:FINALISTS]

    def run(self, member: Member) -> Run:
        """The run of an architecture, which is made if it is not there."""
        folder = self.out / member.name.replace(", ", "_")
        if (folder / "report.json").is_file():
            return Run(folder)
        values = [*member.overrides, *self.values]
        return compose.train(
            self.space, variants=member.variants, overrides=values, blocks=DATA, out=folder, progress=False
        )


def _map(run: Run, task: str) -> float:
    assert run.results is not None, "the space evaluates"
    return run.results[task].metrics["map"]


def joined(choice: Iterable[Member]) -> Member:
    """The architecture of one member of each axis."""
    return reduce(Member.__add__, choice)


def search(space: Path, out: Path, start: int, epochs: int) -> Member:
    """The best architecture of a space.

    Args:
        space: a spec whose sweeps are the axes.
        out: where the runs lie.
        start: how many epochs the plainest architecture trains the backbone from which all start.
        epochs: how many an architecture is trained in the search.
    """
    resolved = read(space, blocks=DATA).resolved
    axes = [sweep(resolved, name) for name in resolved.sweeps]
    plain = [axis[0] for axis in axes]
    began = Rung(space, out / "start", f"train.main.epochs={start}").run(joined(plain))
    weights = f"model.backbone.weights={(began.folder / 'weights' / 'last.safetensors').absolute()}"
    short, full = Rung(space, out / "short", weights, f"train.main.epochs={epochs}"), Rung(space, out / "full", weights)
    found = plain.copy()
    for place, axis in enumerate(axes):
        found[place] = max(axis, key=lambda member: short.merit(joined([*found[:place], member, *found[place + 1 :]])))
    return full.best([joined(plain), *short.finalists()])


def main() -> None:
    """Search and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--space", type=Path, default=HERE / "search_space.yaml")
    options.add_argument("--start", type=int, default=7)
    options.add_argument("--epochs", type=int, default=3)
    given = options.parse_args()
    print("| rung | architecture | merit | held out | trained | time |\n| --- | --- | --- | --- | --- | --- |")
    print(f"\nbest: {search(given.space, given.out, given.start, given.epochs).name}")


if __name__ == "__main__":
    main()
