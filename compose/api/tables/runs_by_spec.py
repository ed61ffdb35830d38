"""Runs found by what they compute, whatever their folders are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from compose.api.evaluated_record import EvaluatedRecord, record_of, results_below
from compose.api.run_record import RunRecord, RunRecordError
from compose.spec.schema.document import ABOUT
from compose.training.storage.kept_blocks import kept_files

if TYPE_CHECKING:
    from compose.spec.read import Spec

SpecIdentity: TypeAlias = tuple[str, frozenset[str]]
"""What is computed, without the seed; and the hashes of the user's files."""


def identity_of(spec: Spec) -> SpecIdentity:
    """What a run of a spec computes."""
    from compose.evaluation.comparison.measured_run import canonical
    from compose.training.storage.lock import lock_values

    values = {key: value for key, value in lock_values(spec).items() if key not in (*ABOUT, "seed")}
    return canonical(values), frozenset(sha256(file.content).hexdigest() for file in kept_files(spec.blocks))


@dataclass(frozen=True)
class RunsBySpec:
    """Runs of some folders.

    Args:
        found: what they compute -> the runs.
    """

    found: dict[SpecIdentity, list[RunRecord]]

    @classmethod
    def in_folders(cls, folders: Iterable[Path]) -> RunsBySpec:
        """All runs of some folders, and those that are runs themselves; damaged ones are left out."""
        from compose.evaluation.comparison.measured_run import canonical

        found: dict[SpecIdentity, list[RunRecord]] = defaultdict(list)
        for run_folder in dict.fromkeys(run for folder in folders for run in results_below(folder)):
            record = record_of(run_folder)
            try:
                key = canonical(record.computed), record.blocks
            except RunRecordError:
                continue
            found[key].append(record)
        return cls(found)

    def of(self, spec: Spec) -> list[RunRecord]:
        """The runs of a spec, of any seed."""
        return self.found.get(identity_of(spec), [])

    def folder(self, spec: SpecIdentity, seed: int) -> Path | None:
        """The folder of a run; of several the one that has ended, or the first. What was measured again is no run."""
        known = self.found.get(spec, [])
        there = [one for one in known if one.seed == seed and not isinstance(one, EvaluatedRecord)]
        there.sort(key=lambda record: (record.state != "finished", str(record.folder)))
        return there[0].folder if there else None
