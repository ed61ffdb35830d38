"""What a sweep is of: one spec, what all its runs have, and its members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import (
    Files,
    Names,
    Overrides,
    SpecLike,
    file_paths,
    name_texts,
    named_spec,
    override_texts,
    read,
)
from compose.errors import SpecError, SpecErrors, UsageError
from compose.spec.layers.plain_name import joined_name
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.sweep import Member
from compose.spec.layers.sweep import axes as axes_of_sweep
from compose.spec.yaml.tree import Scalar, descend
from compose.spec.yaml.writer import flow
from compose.sweeping.planned_run import PlannedRun, folder_names
from compose.sweeping.search_space import SweepAxis
from compose.sweeping.sweep_axes import grid_axes, members_of, sweep_flags
from compose.training.storage.find_run import ROOT

if TYPE_CHECKING:
    from compose.spec.read import Spec


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

    @property
    def folder(self) -> Path:
        """Where its runs lie if no folder is named: ``runs/NAME-SWEEP``."""
        return ROOT / joined_name([_name(self.resolved), *self.resolved.chosen, self.sweep or "sweep"])

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
        found, errors = self.read_all(trains_nothing if fast else MemberChecks().problems)
        if errors:
            raise SpecErrors(errors)
        return found

    def read_all(self, check: Callable[[Spec], Sequence[SpecError]]) -> tuple[dict[Member, Spec], list[SpecError]]:
        """The specs of those members that can be read, and the mistakes of all.

        Args:
            check: the mistakes of a spec that was read.
        """
        from compose.checks.sweep_problems import sweep_problems

        found: dict[Member, Spec] = {}

        def kept(member: Member) -> Spec:
            found[member] = self.read(member)
            return found[member]

        errors = sweep_problems(self.sweep, self.members, kept, check)
        return found, errors

    def check(self) -> None:
        """Check shapes and data of every member, too.

        Raises:
            SpecErrors: every mistake of every member.
        """
        self.checked(fast=False)

    def planned(self, seeds: Sequence[int], out: Path) -> dict[PlannedRun, Spec]:
        """All runs.

        Args:
            seeds: the seeds; the spec's own where there are none.
            out: where the runs lie.

        Raises:
            SpecErrors: every mistake that can be seen without torch.
        """
        return self.runs(self.checked(fast=True), seeds, out)

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


class MemberChecks:
    """Looks at the files of the same data once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def problems(self, spec: Spec) -> Sequence[SpecError]:
        """The mistakes of a spec that was read."""
        from compose.checks.problems import problems
        from compose.training.prepare import prepare

        missing = trains_nothing(spec)
        if missing:
            return missing
        data = flow(spec.values.get("data"))
        known = data in self._seen
        self._seen.add(data)
        return problems(prepare(spec), data=not known)


def trains_nothing(spec: Spec) -> list[SpecError]:
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
    flags = sweep_flags(name_texts(variants), override_texts(overrides), known)
    resolved = resolve(named, variants=flags.variants, overrides=flags.overrides)
    axes = [*flags.axes, *grid_axes(grid, known), *(axes_of_sweep(resolved, sweep) if sweep else ())]
    # `resolve` leaves out the overrides of variants and sweeps, which every run needs, too
    whole = replace(resolved, overrides=flags.overrides)
    return AskedSweep(SweepGrid(named, whole, sweep, (), tuple(file_paths(blocks))), tuple(axes), flags.seeds)


def _name(resolved: Resolved) -> str:
    """The name of a spec, without its variants."""
    return replace(resolved, chosen=()).name


def _anchored(text: str, spec: Spec) -> str:
    """An override whose value is a path that starts in the spec's folder, as one that holds in the current folder."""
    key = text.partition("=")[0]
    found = descend(spec.tree, tuple(int(part) if part.isdecimal() else part for part in key.split(".")))
    is_path = isinstance(found, Scalar) and isinstance(found.value, str) and Path(found.value).is_absolute()
    return f"{key}={flow(found.value)}" if is_path and isinstance(found, Scalar) else str(text)
