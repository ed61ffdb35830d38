"""What a search has found: its trials, and the best of them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.sweeping.search_study import SearchTrial


@dataclass(frozen=True)
class Search:
    """What :func:`compose.search` returns.

    Args:
        folder: where the runs of this machine lie.
        objective: what was made great.
        trials: all trials of the study, the best first, then what has not ended well.
        made_with: the words of ``compose train`` for the spec with what all trials have, as it is trained in the end.
    """

    folder: Path
    objective: str
    trials: tuple[SearchTrial, ...]
    made_with: tuple[str, ...]

    @property
    def best(self) -> SearchTrial | None:
        """The best trial; None where none has ended well."""
        return next((trial for trial in self.trials if trial.value is not None), None)

    @property
    def command(self) -> str:
        """The command that trains the best, and evaluates it as the spec says; "" where there is none."""
        if self.best is None:
            return ""
        member = self.best.member
        words = [word for name in member.variants for word in ("-v", name)]
        words += [word for text in member.overrides for word in ("-s", text)]
        return shlex.join(["compose", "train", *self.made_with, *words])

    def __repr__(self) -> str:
        found = self.best
        best = f"the best reaches {found.value:.4f} with {found.member.name}" if found else "none has ended well"
        return f"{self.folder}: {len(self.trials)} trials by {self.objective}; {best}"
