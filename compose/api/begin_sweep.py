"""``compose.sweep``: every member of a grid, from every seed, each trained by a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from compose.api.comparing import is_named_table
from compose.api.reading import Files, Names, Overrides, SpecLike
from compose.api.run_standing import MOST, checked_end, standing, standings_of
from compose.api.sweep_grid import SweepGrid, begin_grid
from compose.api.swept import Sweep, SweptRun
from compose.api.tables.table_grid import TableGrid, begin_table
from compose.errors import UsageError, listed
from compose.processes.launched import world_size
from compose.sweeping.grid_queue import ChildOptions, GridQueue, Standing
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.run_children import run_children
from compose.sweeping.sweep_axes import SEED
from compose.sweeping.sweep_stopped import SweepStopped
from compose.sweeping.workplace import check_workplace, workplace
from compose.training.logging.loggers import check_loggers

Seeds = int | Sequence[int] | None
"""How many seeds, from 0; or which; None for the spec's own."""


def begin_swept(
    spec: SpecLike,
    *,
    sweep: str | None,
    grid: Mapping[str, Any],
    variants: Names,
    overrides: Overrides,
    blocks: Files,
) -> tuple[SweepGrid | TableGrid, tuple[int, ...]]:
    """What is to be swept, the grid of a spec or the rows of a table; and the seeds that an override names.

    Args:
        spec: the spec, or the table file.
        sweep: one of the spec's sweeps; a table has none.
        grid: further axes; a table has none.
        variants: an axis for each text with commas; others are laid over every member.
        overrides: likewise.
        blocks: the user's files.

    Raises:
        SpecErrors: the spec or the table has a mistake.
        UsageError: the spec is no file, or an axis has no values.
    """
    if not is_named_table(spec):
        asked = begin_grid(spec, sweep=sweep, grid=grid, variants=variants, overrides=overrides, blocks=blocks)
        return asked.grid, asked.seeds
    if sweep is not None or grid:
        raise UsageError(f"{spec} is a table, whose rows are the members; expected no sweep beside it")
    return begin_table(str(spec), variants=variants, overrides=overrides, blocks=blocks)


def sweep_spec(
    grid: SweepGrid | TableGrid,
    *,
    seeds: Sequence[int],
    out: str | PathLike[str] | None,
    jobs: int | None,
    device: str,
    ray: str | None,
    log: Sequence[str],
    dry_run: bool,
    say: Callable[[str], object],
) -> Sweep:
    """See :func:`compose.sweep`.

    Raises:
        SpecErrors: every mistake of every member.
        UsageError: a folder has a run of another spec.
        SweepStopped: the user stopped it.
    """
    check_workplace(ray=ray, jobs=jobs, device=device)
    if world_size() > 1:
        raise UsageError("a sweep starts its own processes; run it without torchrun, with --jobs")
    check_loggers(log)
    folder = Path(out) if out is not None else grid.folder
    specs = grid.planned(seeds, folder)
    standings = standings_of(specs, folder)
    waiting = [run for run, state in standings.items() if state in ("new", "interrupted")]
    if dry_run:
        return _swept(grid, folder, standings, {})
    for line in _told(standings):
        say(line)
    if isinstance(grid, TableGrid) and grid.table.needs and waiting:
        say(f"{grid.table.file} needs {grid.table.needs}")
    if not waiting:
        return _swept(grid, folder, standings, {})
    grid.check()
    with workplace(ray=ray, jobs=jobs, device=device) as place:
        queue = GridQueue(
            standings,
            ChildOptions(place.devices, grid.blocks, log),
            check=lambda run: checked_end(run, specs[run]),
            say=say,
        )
        if not run_children(queue, jobs=place.jobs, say=say, start=place.start):
            raise SweepStopped(folder, left=queue.left)
    return _swept(grid, folder, {run: standing(run.folder) for run in specs}, queue.failed)


def seeds_of(seeds: Seeds, named: Sequence[int]) -> tuple[int, ...]:
    """The seeds of every member; empty for the spec's own.

    Args:
        seeds: as the user gives them.
        named: those of ``-s seed=``.

    Raises:
        UsageError: there are none, or both say it.
    """
    if seeds is not None and named:
        raise UsageError(f"-s {SEED}= and --seeds both name the seeds; expected one of them")
    if seeds is None:
        return tuple(dict.fromkeys(named))
    found = tuple(range(seeds)) if isinstance(seeds, int) else tuple(dict.fromkeys(seeds))
    if not found or min(found) < 0:
        raise UsageError(f"seeds: expected 1 or more seeds, none below 0; got {seeds}")
    return found


def _told(standings: Mapping[PlannedRun, Standing]) -> Iterator[str]:
    """What is not trained again."""
    for state, told in {"finished": "have ended and are not trained again", "training": "are being trained"}.items():
        names = [run.name for run, found in standings.items() if found == state]
        if names:
            yield f"{len(names)} of {len(standings)} runs {told}: {listed(names, most=MOST)}"


def _swept(
    grid: SweepGrid | TableGrid,
    folder: Path,
    states: Mapping[PlannedRun, Standing],
    failed: Mapping[PlannedRun, str],
) -> Sweep:
    return Sweep(
        folder,
        tuple(
            SweptRun(run.member.name, run.seed, run.folder, state, failed.get(run, "")) for run, state in states.items()
        ),
        grid if isinstance(grid, TableGrid) else None,
    )
