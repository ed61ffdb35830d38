"""The models of the zoo on their default data beside one another: each trained from several seeds, in two tables.

    python -m benchmarks.zoo OUT [SPEC[:VARIANT|:KEY=VALUE...] ...] [--seeds 0 1 2] [--read]

A run lies in OUT/NAME-SEED, where NAME is the spec's and its variants' (``ml2p``, ``stanet-no-semantic``). What has
ended is read and not trained again, so that runs may also be made one by one:

    compose train zoo/ml2p.yaml --out OUT/ml2p-0 -s seed=0

``--read`` trains nothing and shows what is there. Without specs: the papers', the hybrids and the baselines. The tables
go to standard output as Markdown, in percent, as mean ± standard deviation over the seeds: zero-shot models by the mAP
of the unseen labels, the seen ones and all of them, few-shot models by the accuracy of an episode, or its AUC where an
example carries several labels. Parameters are those that scoring needs. Times are those of the clock: they compare on a
machine that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import compose
from compose.api.reading import read
from compose.api.run import Run

FOLDERS = ("zoo", "zoo/hybrids", "zoo/baselines")
NO_MODELS = frozenset({"starter"})
ZERO_SHOT = ("zsl", "seen", "gzsl")
EPISODES = ("accuracy", "micro_auc")


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

    @cached_property
    def runs(self) -> list[Run]:
        """Those that have ended."""
        folders = [self._folder(seed) for seed in self.seeds]
        return [Run(folder) for folder in folders if _ended(folder)]

    def train(self) -> None:
        """Train what has not ended, and tell of what was made otherwise."""
        variants = [change for change in self.changes if "=" not in change]
        values = [change for change in self.changes if "=" in change]
        for seed in self.seeds:
            folder, overrides = self._folder(seed), [*values, f"seed={seed}"]
            if not _ended(folder):
                compose.train(self.spec, variants=variants, overrides=overrides, out=folder)
            elif Run(folder).spec.values != read(self.spec, variants=variants, overrides=overrides).values:
                print(f"{folder} was made from another spec than {self.spec} is now", file=sys.stderr)

    def scores(self, task: str, metric: str) -> list[float]:
        """What its runs reach in a metric of a task, in percent; none where they do not measure it."""
        found = [run.results.scalars() for run in self.runs if run.results is not None]
        key = f"{task}/{metric}"
        return [100 * scores[key] for scores in found if key in scores]

    @property
    def costs(self) -> tuple[str, str]:
        """The parameters of its model, and how long a run takes."""
        run = self.runs[0]
        count = sum(parameter.numel() for parameter in run.model.parameters())
        minutes, seconds = divmod(round(statistics.mean(run.report["seconds"] for run in self.runs)), 60)
        return f"{count / 1000:,.0f} k", f"{minutes} min {seconds} s"

    def _folder(self, seed: int) -> Path:
        return self.out / f"{self.name}-{seed}"


def _ended(folder: Path) -> bool:
    return (folder / "report.json").is_file()


def zoo() -> Iterator[str]:
    """Every spec that is a model."""
    for folder in FOLDERS:
        yield from (str(path) for path in sorted(Path(folder).glob("*.yaml")) if path.stem not in NO_MODELS)


def zero_shot_table(members: Sequence[Member]) -> Iterator[tuple[str, ...]]:
    """The models that score unseen labels, the best first."""
    ranked = sorted(members, key=lambda member: -statistics.mean(member.scores("zsl", "map")))
    yield ("model", "unseen mAP", "seen mAP", "all mAP", "parameters", "time", "seeds")
    for member in ranked:
        shown = (_shown(member.scores(task, "map")) for task in ZERO_SHOT)
        yield (member.name, *shown, *member.costs, str(len(member.runs)))


def few_shot_table(members: Sequence[Member]) -> Iterator[tuple[str, ...]]:
    """The models that learn from an episode's support; a row for each, a column for each of their tasks."""
    tasks = list(dict.fromkeys(task for member in members for task in _episodes(member)))
    yield ("model", "metric", *tasks, "parameters", "time", "seeds")
    for member in members:
        for metric in EPISODES:
            if any(member.scores(task, metric) for task in tasks):
                shown = (_shown(member.scores(task, metric)) for task in tasks)
                yield (member.name, metric, *shown, *member.costs, str(len(member.runs)))


def _episodes(member: Member) -> list[str]:
    """The tasks of its runs that are episodes."""
    results = [run.results.tasks for run in member.runs if run.results is not None]
    return [task for tasks in results[:1] for task in tasks if task not in ZERO_SHOT]


def _shown(scores: Sequence[float]) -> str:
    if not scores:
        return "–"
    spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
    return f"{statistics.mean(scores):.1f}{spread}"


def _print(rows: Iterable[tuple[str, ...]]) -> None:
    header, *others = rows
    for row in (header, ("---",) * len(header), *others):
        print(f"| {' | '.join(row)} |")


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
    there = [member for member in members if member.runs]
    print(f"not run: {', '.join(member.name for member in members if not member.runs) or 'none'}", file=sys.stderr)
    zero_shot = [member for member in there if member.scores("zsl", "map")]
    few_shot = [member for member in there if member not in zero_shot]
    for fitting, table in ((zero_shot, zero_shot_table), (few_shot, few_shot_table)):
        if fitting:
            _print(table(fitting))
            print()


if __name__ == "__main__":
    main()
