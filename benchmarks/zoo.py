"""The models of the zoo on their default data beside one another, each trained from several seeds.

    python -m benchmarks.zoo OUT [SPEC[:VARIANT|:KEY=VALUE...] ...] [--seeds 0 1 2] [--read]

A run lies in OUT/NAME-SEED, where NAME is the spec's and its variants' (``ml2p``, ``stanet-no-semantic``). What has
ended is read and not trained again, so that runs may also be made one by one:

    compose train zoo/ml2p.yaml --out OUT/ml2p-0 -s seed=0

``--read`` trains nothing and shows what is there. Without specs: the papers', the hybrids and the baselines. The tables
are those of ``compose compare OUT/...`` in Markdown: the mean average precision of models that score labels, the
accuracy or the AUC of few-shot models. Times are those of the clock: they compare on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import compose
from compose.api.reading import read
from compose.api.run import Run

FOLDERS = ("zoo", "zoo/hybrids", "zoo/baselines")
NO_MODELS = frozenset({"starter"})
METRICS = ("map", "accuracy", "micro_auc")


@dataclass(frozen=True)
class Member:
    """A spec with its changes, and its runs.

    Args:
        spec: the path of the spec.
        changes: variants, and values as ``key=value``.
        out: where the runs lie.
        seeds: one run for each.
    """

    spec: Path
    changes: tuple[str, ...]
    out: Path
    seeds: tuple[int, ...]

    @property
    def name(self) -> str:
        """What its runs are called."""
        return "-".join([self.spec.stem, *(change.replace("=", "") for change in self.changes)])

    @property
    def ended(self) -> list[Path]:
        """The folders of its runs that have ended."""
        return [folder for folder in map(self._folder, self.seeds) if _has_ended(folder)]

    def train(self) -> None:
        """Train what has not ended, and tell of what was made otherwise."""
        variants = [change for change in self.changes if "=" not in change]
        values = [change for change in self.changes if "=" in change]
        for seed in self.seeds:
            folder, overrides = self._folder(seed), [*values, f"seed={seed}"]
            if not _has_ended(folder):
                compose.train(self.spec, variants=variants, overrides=overrides, out=folder)
            elif Run(folder).spec.values != read(self.spec, variants=variants, overrides=overrides).values:
                print(f"{folder} was made from another spec than {self.spec} is now", file=sys.stderr)

    def _folder(self, seed: int) -> Path:
        return self.out / f"{self.name}-{seed}"


def _has_ended(folder: Path) -> bool:
    return (folder / "report.json").is_file()


def zoo() -> Iterator[str]:
    """Every spec that is a model."""
    for folder in FOLDERS:
        yield from (str(path) for path in sorted(Path(folder).glob("*.yaml")) if path.stem not in NO_MODELS)


def tables(members: list[Member]) -> compose.Comparison:
    """The ended runs beside one another.

    Raises:
        UsageError: there is none.
    """
    folders = [folder for member in members for folder in member.ended]
    results = [Run(folder).results for folder in folders]
    measured = {key.rpartition("/")[2] for result in results if result is not None for key in result.scalars()}
    return compose.compare(*folders, metrics=[key for key in METRICS if key in measured], printed="none")


def main() -> None:
    """Train and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("specs", nargs="*")
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options.add_argument("--read", action="store_true")
    given = options.parse_args()
    asked = [spec.split(":") for spec in given.specs or zoo()]
    members = [Member(Path(spec), tuple(changes), given.out, tuple(given.seeds)) for spec, *changes in asked]
    if not given.read:
        for member in members:
            member.train()
    print(f"not run: {', '.join(member.name for member in members if not member.ended) or 'none'}", file=sys.stderr)
    print(tables(members).markdown(), end="")


if __name__ == "__main__":
    main()
