"""What the folders of planned runs hold: nothing, a run that is done or can go on, or one of another spec."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compose.api.run_record import RunRecord
from compose.api.same_spec import otherwise
from compose.errors import UsageError, listed
from compose.sweeping.grid_queue import Standing
from compose.sweeping.planned_run import PlannedRun
from compose.training.storage.find_run import LOCK

if TYPE_CHECKING:
    from compose.spec.read import Spec

MOST = 5
"""How many runs a message names."""


def standings_of(runs: Mapping[PlannedRun, Spec], folder: Path) -> dict[PlannedRun, Standing]:
    """What is in the folder of each run.

    Raises:
        UsageError: a run of another spec, or ``folder`` itself is a run.
    """
    if (folder / LOCK).is_file():
        raise UsageError(f"{folder} is a run; expected --out to name a folder for all runs of the sweep")
    found = {run: standing(run.folder) for run in runs}
    there = [run for run, state in found.items() if state != "new"]
    others = [(run, what) for run in there if (what := otherwise(run.folder, runs[run], run.seed))]
    if others:
        told = listed(others, show=lambda one: f"{one[0].folder} (it differs in {one[1]})", most=MOST, between="\n")
        advice = "name another folder with --out, or take these away"
        raise UsageError(f"made from another spec than this sweep trains; {advice}:\n{told}")
    return found


def standing(folder: Path) -> Standing:
    """What is in the folder of a run."""
    if not (folder / LOCK).is_file():
        return "new"
    state = RunRecord(folder).state
    return state if state in ("finished", "training") else "interrupted"


def checked_end(run: PlannedRun, spec: Spec) -> str:
    """Why a run whose process has ended well is none of the sweep; "" where it is."""
    if standing(run.folder) != "finished":
        return "it has ended without a report"
    what = otherwise(run.folder, spec, run.seed)
    return f"the spec has changed while the sweep ran: {what}" if what else ""
