"""How often each attention module gives each label's score: LESA, figure 4 (top), on the evaluated images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Int64
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class ModuleUsage:
    """Counts of the modules that scores come from.

    Args:
        counts: for each label in how many images each module gave its score.
        names: the labels.
        seen: whether each may be trained on.
    """

    counts: Int64[Tensor, "l m"]
    names: Sequence[str]
    seen: Sequence[bool]

    def __repr__(self) -> str:
        """Short, as it is part of a result."""
        return f"ModuleUsage({len(self.names):,} labels, {self.counts.shape[1]} modules)"

    def line(self) -> str:
        """Each module's share of all scores, the greatest first."""
        used = self.counts.sum(0)
        total, order = max(1, int(used.sum())), used.argsort(descending=True, stable=True).tolist()
        shares = [f"{module}: {100 * int(used[module]) / total:.1f}" for module in order if used[module]]
        idle = [str(module) for module in sorted(order) if not used[module]]
        return ", ".join(shares) + (f"; never used: {', '.join(idle)}" if idle else "")


def count_modules(winner: Int64[Tensor, "b l"], modules: int) -> Int64[Tensor, "l m"]:
    """For each label in how many images each module gave its score."""
    labels = winner.shape[1]
    cells = winner + modules * winner.new_tensor(range(labels))
    return cells.flatten().bincount(minlength=labels * modules).view(labels, modules)
