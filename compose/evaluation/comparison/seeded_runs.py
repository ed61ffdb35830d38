"""Runs that differ only in their seed: one row of a comparison."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from compose.errors import listed
from compose.evaluation.comparison.measured_run import MeasuredRun, canonical


@dataclass(frozen=True)
class SeededRuns:
    """The runs of a spec, one for each seed.

    Args:
        label: what their row is called.
        runs: in the order of their seeds.
    """

    label: str
    runs: tuple[MeasuredRun, ...]

    @property
    def name(self) -> str:
        """The spec's."""
        return self.runs[0].name

    @property
    def changes(self) -> tuple[str, ...]:
        """What was laid over the spec: as little as any of the runs tells, as the rest changed nothing."""
        known = [run.changes for run in self.runs if run.changes is not None]
        return min(known, key=lambda changes: (len(changes), changes), default=())

    @property
    def seconds(self) -> float | None:
        """How long a run takes, in the mean."""
        known = [run.seconds for run in self.runs if run.seconds is not None]
        return sum(known) / len(known) if known else None

    @property
    def parameters(self) -> int | None:
        """Of the model that scores."""
        return next((run.parameters for run in self.runs if run.parameters is not None), None)


def grouped(runs: Iterable[MeasuredRun]) -> tuple[list[SeededRuns], list[str]]:
    """The runs by what they have in common, and what is to be told of them, whatever order they come in.

    Args:
        runs: any runs, each once.
    """
    found: dict[tuple[str, str, frozenset[str]], list[MeasuredRun]] = defaultdict(list)
    for run in runs:
        found[run.identity].append(run)
    notes: list[str] = []
    rows = []
    for same in found.values():
        kept, told = newest_of_seeds(same)
        row = SeededRuns("", tuple(kept))
        rows.append(replace(row, label=" ".join([row.name, *(f"+ {change}" for change in row.changes)])))
        notes += told
    rows.sort(key=lambda row: (row.label, canonical(row.runs[0].spec), sorted(row.runs[0].blocks)))
    rows, told = _numbered(rows)
    return rows, [*sorted(notes), *told]


def newest_of_seeds(same: Sequence[MeasuredRun]) -> tuple[list[MeasuredRun], list[str]]:
    """The newest run of each seed, in their order, and which others are left out.

    Args:
        same: runs of one spec.
    """
    newest: dict[int, MeasuredRun] = {}
    notes = []
    for run in sorted(same, key=lambda run: (run.seed, -run.begun, run.folder)):
        if run.seed in newest:
            taken = newest[run.seed].folder
            notes.append(f"{run.folder} is left out: {taken} is a newer run of the same spec and seed ({run.seed})")
        newest.setdefault(run.seed, run)
    return list(newest.values()), notes


def _numbered(rows: Sequence[SeededRuns]) -> tuple[list[SeededRuns], list[str]]:
    """Rows that bear one name told apart by a number, and what differs between them."""
    count = Counter(row.label for row in rows)
    first: dict[str, SeededRuns] = {}
    seen: Counter[str] = Counter()
    found, notes = [], []
    for row in rows:
        seen[row.label] += 1
        if count[row.label] == 1:
            found.append(row)
            continue
        found.append(replace(row, label=f"{row.label} ({seen[row.label]})"))
        before = first.setdefault(row.label, found[-1])
        if before is not found[-1]:
            told = listed(_apart(before.runs[0], row.runs[0]))
            notes.append(f"{before.label} and {found[-1].label} differ in: {told}")
    return found, notes


def _apart(one: MeasuredRun, other: MeasuredRun) -> list[str]:
    """What two runs of one name do otherwise."""
    code = [] if one.blocks == other.blocks else ["the code of the user's blocks"]
    return [*differences(one.spec, other.spec), *code]


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """The keys at which two mappings differ, with both values where they are short."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = dict.fromkeys([*sorted(one), *sorted(other)])
        inner = (differences(one.get(key), other.get(key), f"{path}.{key}" if path else str(key)) for key in keys)
        return [line for lines in inner for line in lines]
    if canonical(one) == canonical(other):
        return []
    if isinstance(one, Mapping | list) or isinstance(other, Mapping | list):
        return [path]
    return [f"{path} ({one} against {other})"]
