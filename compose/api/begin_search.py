"""``compose.search``: members that Optuna chooses, by what they reach on the validation split."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from compose.api.run_standing import checked_end, standing
from compose.api.same_spec import otherwise
from compose.api.search_objective import SearchObjective
from compose.api.searched import Search
from compose.api.sweep_grid import AskedSweep, SweepGrid
from compose.errors import UsageError
from compose.processes.launched import world_size
from compose.sweeping.grid_queue import ChildOptions
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.run_children import run_children
from compose.sweeping.search_queue import SearchQueue
from compose.sweeping.search_space import SearchSpace
from compose.sweeping.search_study import SearchStudy, SearchTrial
from compose.sweeping.sweep_stopped import SweepStopped
from compose.sweeping.workplace import check_workplace, workplace
from compose.training.logging.loggers import check_loggers

ON_VALIDATION = "evaluate.split=val"
"""What every trial has, so that the test examples take no part in the choice."""


@dataclass(frozen=True)
class _Searched:
    """One search on this machine.

    Args:
        grid: the spec, with what all trials have.
        seeds: the seeds of a trial; the spec's own where there are none.
        out: where the runs lie.
        objective: what is made great.
    """

    grid: SweepGrid
    seeds: Sequence[int]
    out: Path
    objective: SearchObjective

    def plan(self, trial: SearchTrial) -> list[PlannedRun]:
        """The runs of a trial.

        Raises:
            UsageError: one of their folders has a run of another spec.
        """
        spec = self.grid.read(trial.member)
        name = f"trial-{trial.number:03d}"
        planned = replace(self.grid, members=(trial.member,)).runs({trial.member: spec}, self.seeds, self.out)
        runs = [replace(run, folder=self.out / f"{name}-{run.seed}") for run in planned]
        for run in runs:
            what = otherwise(run.folder, spec, run.seed) if standing(run.folder) != "new" else ""
            if what:
                told = f"{run.folder} was made from another spec (it differs in {what})"
                raise UsageError(f"{told}; name another folder with --out, or take it away")
        return runs

    def value(self, run: PlannedRun) -> float | None:
        """What a run reached; None where it has not ended well, or reached what is no number."""
        if standing(run.folder) != "finished" or checked_end(run, self.grid.read(run.member)):
            return None
        value = self.objective.value(run.folder)
        return value if math.isfinite(value) else None


def search_spec(
    asked: AskedSweep,
    *,
    trials: int,
    objective: str | None,
    storage: str | PathLike[str] | None,
    search_seed: int,
    seeds: Sequence[int],
    out: str | PathLike[str] | None,
    jobs: int | None,
    device: str,
    ray: str | None,
    log: Sequence[str],
    say: Callable[[str], object],
) -> Search:
    """See :func:`compose.search`.

    Raises:
        SpecErrors: a value of an axis is wrong.
        UsageError: there is nothing to search.
        SweepStopped: the user stopped it.
    """
    if trials < 1:
        raise UsageError(f"expected 1 or more trials; got {trials}")
    check_workplace(ray=ray, jobs=jobs, device=device)
    if world_size() > 1:
        raise UsageError("a search starts its own processes; run it without torchrun, with --jobs")
    if not asked.axes:
        raise UsageError("there is nothing to search; expected --sweep, -v a,b or -s key=1e-4..1e-2")
    check_loggers(log)
    base, space = asked.base, SearchSpace.of(asked.axes)
    grid = _on_validation(base)
    folder = Path(out) if out is not None else replace(base, sweep=base.sweep or "search").folder
    kept = str(folder / "study.journal") if storage is None else fspath(storage)
    specs = replace(grid, members=tuple(dict.fromkeys(space.corners()))).checked(fast=False)
    chosen = SearchObjective.of(next(iter(specs.values())), objective)
    study = SearchStudy(space, name=_study_name(grid, space, chosen, seeds), storage=kept, seed=search_seed)
    say(f"searching by {chosen.key}: {space}")
    searched = _Searched(grid, seeds, folder, chosen)
    with workplace(ray=ray, jobs=jobs, device=device) as place:
        queue = SearchQueue(
            study,
            trials,
            folder,
            searched.plan,
            ChildOptions(place.devices, base.blocks, log),
            is_begun=lambda run: standing(run.folder) != "new",
            value=searched.value,
            say=say,
        )
        if not run_children(queue, jobs=place.jobs, say=say, start=place.start):
            raise SweepStopped(folder, left=queue.left)
    found = sorted(study.trials, key=lambda trial: (trial.value is None, -(trial.value or 0), trial.number))
    return Search(folder, chosen.key, tuple(found), _words(base))


def _words(base: SweepGrid) -> tuple[str, ...]:
    """The words of ``compose train`` for what all trials have."""
    variants = [word for name in base.resolved.chosen for word in ("-v", name)]
    return (base.spec, *variants, *(word for text in base.resolved.overrides for word in ("-s", text)))


def _on_validation(base: SweepGrid) -> SweepGrid:
    """With what it evaluates at its end evaluated on the validation split."""
    if not base.resolved.tree.get("evaluate"):
        return base
    return replace(base, resolved=base.resolved.with_layers((), [ON_VALIDATION]))


def _study_name(grid: SweepGrid, space: SearchSpace, objective: SearchObjective, seeds: Sequence[int]) -> str:
    """What those call a study who search the same space of the same spec by the same objective."""
    from compose.evaluation.comparison.measured_run import canonical

    values: Any = grid.read(next(space.corners())).values
    text = canonical([values, str(space), objective.key, list(seeds)])
    return f"{grid.resolved.name}-{sha256(text.encode()).hexdigest()[:12]}"
