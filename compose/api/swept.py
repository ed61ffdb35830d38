"""What a sweep has made: its runs, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.api.tables.table_grid import TableGrid
    from compose.evaluation.comparison.comparison import Comparison
    from compose.sweeping.grid_queue import Standing


@dataclass(frozen=True)
class SweptRun:
    """A run of a sweep.

    Args:
        member: the values that tell it from the others, in words; "" where the sweep has one member.
        seed: its seed.
        folder: where it lies.
        state: how far it has come.
        failure: why it failed; "" where it did not.
    """

    member: str
    seed: int
    folder: Path
    state: Standing
    failure: str = ""


@dataclass(frozen=True)
class Sweep:
    """What :func:`compose.sweep` returns. It shows itself as the table of its members.

    Args:
        folder: where the runs lie.
        runs: all of them, seed after seed.
        table: the table whose rows they are; None where a spec was swept.
    """

    folder: Path
    runs: tuple[SweptRun, ...]
    table: TableGrid | None = field(default=None, repr=False)

    @property
    def failed(self) -> tuple[SweptRun, ...]:
        """The runs that have failed."""
        return tuple(run for run in self.runs if run.failure)

    @property
    def finished(self) -> tuple[SweptRun, ...]:
        """The runs that have ended, and can be compared."""
        return tuple(run for run in self.runs if run.state == "finished")

    @cached_property
    def comparison(self) -> Comparison | None:
        """The members beside one another, as :func:`compose.compare` has them; None where none has ended.

        Raises:
            UsageError: no run has a result.
        """
        from compose.api.comparing import compare_runs
        from compose.api.tables.table_comparison import compare_table

        if not self.finished:
            return None
        if self.table is not None:
            return compare_table(self.table, [run.folder for run in self.finished])
        return compare_runs([run.folder for run in self.finished], variants=(), metrics=(), printed="own")

    @property
    def seen_with(self) -> str:
        """The command that shows it again."""
        words = ["compose compare"]
        if self.table is not None:
            words += [self.table.table.file, *(f"-v {name}" for name in self.table.variants)]
            words += [f"-s {quote(text)}" for text in self.table.overrides]
        if self.table is None or self.folder != self.table.folder:
            words.append(str(self.folder))
        return " ".join(words)

    def __repr__(self) -> str:
        counts = f"{len(self.finished)} of {len(self.runs)} runs have ended"
        failed = [f"{run.folder.name} has failed: {run.failure}" for run in self.failed]
        return "\n".join([f"{self.folder}: {counts}", *failed])
