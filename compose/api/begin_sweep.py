"""``compose.sweep``: every member of a grid, from every seed, each trained by a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import Files, Names, Overrides, SpecLike, named_spec, override_texts, read
from compose.api.run_record import RunRecord
from compose.api.same_spec import otherwise
from compose.api.swept import Sweep, SweptRun
from compose.errors import SpecError, SpecErrors, UsageError, listed
from compose.processes.launched import world_size
from compose.spec.layers.plain_name import joined_name
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.sweep import Member
from compose.spec.layers.sweep import axes as axes_of_sweep
from compose.spec.yaml.tree import Scalar, descend
from compose.spec.yaml.writer import flow
from compose.sweeping.grid_queue import ChildOptions, GridQueue, Standing
from compose.sweeping.planned_run import PlannedRun, folder_names
from compose.sweeping.run_children import run_children
from compose.sweeping.search_space import SweepAxis
from compose.sweeping.sweep_axes import SEED, grid_axes, members_of, sweep_flags
from compose.sweeping.sweep_stopped import SweepStopped
from compose.training.storage.find_run import LOCK, ROOT

if TYPE_CHECKING:
    from compose.spec.read import Spec

Seeds = int | Sequence[int] | None
"""How many seeds, from 0; or which; None for the spec's own."""


@dataclass(frozen=True)
class SweepGrid:
    """What is swept: one spec, what all members have, and the members.

    Args:
        spec: the file.
        resolved: it, with what all members have.
        sweep: the name of the sweep of its that is swept; None where there is none.
        members: the members.
        blocks: the user's files.
    """

    spec: str
    resolved: Resolved
    sweep: str | None
    members: tuple[Member, ...]
    blocks: tuple[Path, ...]

    def read(self, member: Member) -> Spec:
        """The spec of a member.

        Raises:
            SpecErrors: every mistake that can be seen without torch.
        """
        return read(
            self.spec,
            variants=[*self.resolved.chosen, *member.variants],
            overrides=[*self.resolved.overrides, *member.overrides],
            blocks=self.blocks,
        )

    def checked(self, *, fast: bool) -> dict[Member, Spec]:
        """The specs of all members.

        Args:
            fast: whether only what needs no torch is checked.

        Raises:
            SpecErrors: every mistake of every member.
        """
        from compose.checks.sweep_problems import sweep_problems

        found: dict[Member, Spec] = {}

        def kept(member: Member) -> Spec:
            found[member] = self.read(member)
            return found[member]

        errors = sweep_problems(self.sweep, self.members, kept, _trained if fast else _Checks().problems)
        if errors:
            raise SpecErrors(errors)
        return found

    def runs(self, specs: Mapping[Member, Spec], seeds: Sequence[int], out: Path) -> dict[PlannedRun, Spec]:
        """All runs, seed after seed, so that a part of them makes a table early.

        Args:
            specs: the specs of the members.
            seeds: the seeds; the spec's own where there are none.
            out: where the runs lie.
        """
        names = dict(zip(self.members, folder_names(_name(self.resolved), self.members), strict=True))
        seeded = [(member, seed) for seed in seeds for member in self.members]
        seeded = seeded or [(member, specs[member].seed) for member in self.members]
        return {
            PlannedRun(
                member,
                seed,
                out / f"{names[member]}-{seed}",
                self.spec,
                (*self.resolved.chosen, *member.variants),
                (*self.resolved.overrides, *(_anchored(text, specs[member]) for text in member.overrides)),
            ): specs[member]
            for member, seed in seeded
        }


@dataclass(frozen=True)
class AskedSweep:
    """What the user asks for.

    Args:
        base: the spec, and what all members have; it has no members yet.
        axes: what is varied.
        seeds: the seeds that an override names.
    """

    base: SweepGrid
    axes: tuple[SweepAxis, ...]
    seeds: tuple[int, ...]

    @property
    def grid(self) -> SweepGrid:
        """With every choice of a value of each axis as a member.

        Raises:
            UsageError: there are more than may be, or an axis is a range.
        """
        return replace(self.base, members=tuple(members_of(self.axes)))


class _Checks:
    """Looks at the files of the same data once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def problems(self, spec: Spec) -> Sequence[SpecError]:
        """The mistakes of a spec that was read."""
        from compose.checks.problems import problems
        from compose.training.prepare import prepare

        missing = _trained(spec)
        if missing:
            return missing
        data = flow(spec.values.get("data"))
        known = data in self._seen
        self._seen.add(data)
        return problems(prepare(spec), data=not known)


def _trained(spec: Spec) -> list[SpecError]:
    """That a spec trains nothing."""
    if spec.tree.get("train"):
        return []
    return [SpecError("missing-key", "the spec has no `train:`", spec.tree.place, "stages by name")]


def begin_grid(
    spec: SpecLike,
    *,
    sweep: str | None,
    grid: Mapping[str, Any],
    variants: Names,
    overrides: Overrides,
    blocks: Files,
) -> AskedSweep:
    """What is to be swept.

    Args:
        spec: the spec.
        sweep: one of its sweeps.
        grid: further axes, as a spec's sweep has them.
        variants: an axis for each text with commas; others are laid over every member.
        overrides: likewise.
        blocks: the user's files.

    Raises:
        SpecErrors: the spec cannot be read, or has no such sweep.
        UsageError: the spec is no file, or an axis has no values.
    """
    named = named_spec(spec)
    if not isinstance(named, str):
        raise UsageError("expected a file, or the name of a packaged spec: each run reads it in a process of its own")
    known = resolve(named).variants
    chosen = [variants] if isinstance(variants, str) else list(variants)
    flags = sweep_flags(chosen, override_texts(overrides), known)
    resolved = resolve(named, variants=flags.variants, overrides=flags.overrides)
    axes = [*flags.axes, *grid_axes(grid, known), *(axes_of_sweep(resolved, sweep) if sweep else ())]
    files = [blocks] if isinstance(blocks, str | PathLike) else list(blocks)
    # `resolve` leaves out the overrides of variants and sweeps, which every run needs, too
    whole = replace(resolved, overrides=flags.overrides)
    return AskedSweep(SweepGrid(named, whole, sweep, (), tuple(map(Path, files))), tuple(axes), flags.seeds)


def sweep_spec(
    grid: SweepGrid,
    *,
    seeds: Sequence[int],
    out: str | PathLike[str] | None,
    jobs: int,
    device: str,
    dry_run: bool,
    say: Callable[[str], object],
) -> Sweep:
    """See :func:`compose.sweep`.

    Raises:
        SpecErrors: every mistake of every member.
        UsageError: a folder has a run of another spec.
        SweepStopped: the user stopped it.
    """
    if jobs < 1:
        raise UsageError(f"--jobs {jobs}: expected 1 or more")
    if world_size() > 1:
        raise UsageError("a sweep starts its own processes; run it without torchrun, with --jobs")
    folder = Path(out) if out is not None else default_folder(grid)
    specs = grid.runs(grid.checked(fast=True), seeds, folder)
    standings = standings_of(specs, folder)
    waiting = [run for run, state in standings.items() if state in ("new", "interrupted")]
    if dry_run:
        return _swept(folder, standings, {})
    for line in _told(standings):
        say(line)
    if not waiting:
        return _swept(folder, standings, {})
    grid.checked(fast=False)
    queue = GridQueue(
        standings,
        ChildOptions(devices_of(device, jobs), grid.blocks),
        check=lambda run: checked_end(run, specs[run]),
        say=say,
    )
    if not run_children(queue, jobs=jobs, say=say):
        raise SweepStopped(folder, left=queue.left)
    return _swept(folder, {run: standing(run.folder) for run in specs}, queue.failed)


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


def default_folder(grid: SweepGrid) -> Path:
    """Where runs lie for which no folder is named: ``runs/NAME-SWEEP``."""
    return ROOT / joined_name([_name(grid.resolved), *grid.resolved.chosen, grid.sweep or "sweep"])


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


MOST = 5
"""How many runs a message names."""


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


def devices_of(device: str, jobs: int) -> list[str]:
    """The devices that several processes take in turn: those that are named, or every GPU."""
    named = [part.strip() for part in device.split(",") if part.strip()]
    if named == ["auto"] and jobs > 1:
        import torch

        count = torch.cuda.device_count()
        return [f"cuda:{number}" for number in range(count)] if count > 1 else named
    return named or ["auto"]


def _name(resolved: Resolved) -> str:
    """The name of a spec, without its variants."""
    return replace(resolved, chosen=()).name


def _anchored(text: str, spec: Spec) -> str:
    """An override whose value is a path that starts in the spec's folder, as one that holds in the current folder."""
    key = text.partition("=")[0]
    found = descend(spec.tree, tuple(int(part) if part.isdecimal() else part for part in key.split(".")))
    is_path = isinstance(found, Scalar) and isinstance(found.value, str) and Path(found.value).is_absolute()
    return f"{key}={flow(found.value)}" if is_path and isinstance(found, Scalar) else str(text)


def _told(standings: Mapping[PlannedRun, Standing]) -> Iterator[str]:
    """What is not trained again."""
    for state, told in {"finished": "have ended and are not trained again", "training": "are being trained"}.items():
        names = [run.name for run, found in standings.items() if found == state]
        if names:
            yield f"{len(names)} of {len(standings)} runs {told}: {listed(names, most=MOST)}"


def _swept(folder: Path, states: Mapping[PlannedRun, Standing], failed: Mapping[PlannedRun, str]) -> Sweep:
    return Sweep(
        folder,
        tuple(
            SweptRun(run.member.name, run.seed, run.folder, state, failed.get(run, "")) for run, state in states.items()
        ),
    )
