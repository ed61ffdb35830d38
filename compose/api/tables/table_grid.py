"""What a table file trains: the rows of several specs, each run once although two rows may be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from compose.api.reading import Files, Names, Overrides, file_paths, name_texts, override_texts
from compose.api.sweep_grid import MemberChecks, SweepGrid, trains_nothing
from compose.api.tables.printed_rows import printed_problems
from compose.api.tables.runs_by_spec import RunsBySpec, SpecIdentity, identity_of
from compose.errors import SpecError, SpecErrors, UsageError
from compose.spec.layers.plain_name import joined_name
from compose.spec.layers.resolve import resolve
from compose.spec.layers.sweep import Member
from compose.spec.layers.table_file import TableFile, TableRow, read_table
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.sweep_axes import sweep_flags
from compose.training.storage.find_run import ROOT

if TYPE_CHECKING:
    from compose.spec.read import Spec


@dataclass(frozen=True)
class TrainedRow:
    """A row of the table as our runs have it: a member of a sweep is one, too.

    Args:
        label: what it is called.
        row: the row of the file.
        grid: the spec with the one member that it trains; None where it is left out.
    """

    label: str
    row: TableRow
    grid: SweepGrid | None = None

    @property
    def member(self) -> Member:
        """What is laid over its spec."""
        assert self.grid is not None, "a row that is left out has no member"
        return self.grid.members[0]

    def runs(self, spec: Spec, seeds: Sequence[int], out: Path) -> list[PlannedRun]:
        """Its runs, called by all that is laid over its spec, as other tables have theirs in the same folder.

        Args:
            spec: what it trains.
            seeds: the seeds; the spec's own where there are none.
            out: where they lie.
        """
        assert self.grid is not None, "a row that is left out has no runs"
        member = self.member
        whole = replace(member, name=", ".join(filter(None, ["+".join(member.variants), *member.overrides])))
        return list(replace(self.grid, members=(whole,)).runs({whole: spec}, seeds, out))


@dataclass(frozen=True)
class TableGrid:
    """A table with what is laid over all of its rows.

    Args:
        table: the file.
        rows: its rows, in its order.
        variants: variants laid over every spec.
        overrides: values set in every spec.
        blocks: the user's files.
    """

    table: TableFile
    rows: tuple[TrainedRow, ...]
    variants: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    blocks: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the runs of all tables lie, so that what two of them have in common is trained once."""
        return ROOT / joined_name(["tables", *self.variants])

    @cached_property
    def specs(self) -> dict[str, Spec]:
        """The label of each row that is trained -> its spec.

        Raises:
            SpecErrors: every mistake that can be seen without torch.
        """
        found, errors = self.read()
        if errors:
            raise SpecErrors(_each_once(errors))
        return found

    def check(self) -> None:
        """Check shapes and data of every row, too.

        Raises:
            SpecErrors: every mistake of every row.
        """
        _, errors = self.read(MemberChecks().problems)
        if errors:
            raise SpecErrors(_each_once(errors))

    def read(
        self, check: Callable[[Spec], Sequence[SpecError]] = trains_nothing
    ) -> tuple[dict[str, Spec], list[SpecError]]:
        """The specs of those rows that can be read, by their labels; and the mistakes of all.

        Args:
            check: the mistakes of a spec that was read.
        """
        found: dict[str, Spec] = {}
        errors: list[SpecError] = []
        for row in self.trained:
            assert row.grid is not None
            specs, wrong = row.grid.read_all(check)
            if row.member in specs:
                found[row.label] = specs[row.member]
            errors += wrong
        return found, errors

    @property
    def trained(self) -> Iterator[TrainedRow]:
        """The rows that are not left out."""
        return (row for row in self.rows if row.grid is not None)

    def planned(self, seeds: Sequence[int], out: Path) -> dict[PlannedRun, Spec]:
        """All runs, seed after seed. One that lies in the folder under another name is taken from there.

        Args:
            seeds: the seeds; each spec's own where there are none.
            out: where the runs lie.

        Raises:
            SpecErrors: every mistake that can be seen without torch.
        """
        there = RunsBySpec.in_folders([out])
        planned: dict[tuple[SpecIdentity, int], tuple[PlannedRun, Spec]] = {}
        taken: set[Path] = set()
        for run, spec in self._runs(seeds, out):
            key = identity_of(spec), run.seed
            if key not in planned:
                folder = there.folder(*key) or _free(run, taken, key[0])
                planned[key] = replace(run, folder=folder), spec
                taken.add(folder)
        return dict(planned.values())

    def _runs(self, seeds: Sequence[int], out: Path) -> Iterator[tuple[PlannedRun, Spec]]:
        """The runs of every row, seed after seed, so that a part of them makes a table early."""
        for seed in [[seed] for seed in seeds] or [[]]:
            for row in self.trained:
                spec = self.specs[row.label]
                yield from ((run, spec) for run in row.runs(spec, seed, out))

    def command(self, row: TrainedRow) -> str:
        """The command that trains a row alone."""
        if row.grid is None:
            return ""
        member, laid = row.member, row.grid.resolved
        words = [f"-v {name}" for name in (*laid.chosen, *member.variants)]
        words += [f"-s {quote(text)}" for text in (*laid.overrides, *member.overrides)]
        return " ".join(["compose train", row.grid.spec, *words])


def _each_once(errors: Iterable[SpecError]) -> list[SpecError]:
    """The mistakes, those of one place and in the same words once."""
    return list({(one.code, one.message, str(one.place)): one for one in errors}.values())


def _free(run: PlannedRun, taken: set[Path], spec: SpecIdentity) -> Path:
    """A folder that no other run of the table has."""
    if run.folder not in taken:
        return run.folder
    name = run.folder.name.removesuffix(f"-{run.seed}")
    return run.folder.with_name(f"{name}-{sha256(repr(spec).encode()).hexdigest()[:8]}-{run.seed}")


def begin_table(
    file: str, *, variants: Names = (), overrides: Overrides = (), blocks: Files = ()
) -> tuple[TableGrid, tuple[int, ...]]:
    """A table, with what is laid over all of its rows; and the seeds that an override names.

    Args:
        file: the table file.
        variants: variants laid over every spec, below those of the rows.
        overrides: values set in every spec.
        blocks: the user's files.

    Raises:
        SpecErrors: every mistake of the file, and of the specs that it names.
        UsageError: a variant or an override has several values.
    """
    table = read_table(file)
    errors = [*table.errors, *printed_problems(table)]
    flags = sweep_flags(name_texts(variants), override_texts(overrides), ())
    if flags.axes:
        raise UsageError(f"{file} is a table, whose rows are the members; expected one value for each -v and -s")
    files = tuple(file_paths(blocks))
    rows: list[TrainedRow] = []
    for row in table.rows:
        try:
            rows += _rows(row, flags.variants, flags.overrides, files)
        except SpecErrors as error:
            errors += error.errors
    made = TableGrid(table, tuple(rows), flags.variants, flags.overrides, files)
    if errors:
        raise SpecErrors(_each_once([*errors, *made.read()[1]]))
    return made, flags.seeds


def _rows(
    row: TableRow, variants: tuple[str, ...], overrides: tuple[str, ...], blocks: tuple[Path, ...]
) -> Iterator[TrainedRow]:
    """A row, or one for each member of its sweep."""
    if row.left_out:
        yield TrainedRow(row.name, row)
    if not row.members:
        return
    resolved = replace(resolve(row.spec, variants=variants, overrides=overrides), overrides=overrides)
    for member in row.members:
        label = ", ".join([row.name, member.name]) if row.members[1:] else row.name
        yield TrainedRow(label, row, SweepGrid(row.spec, resolved, None, (member,), blocks))
