"""Which attention module gives which label's score, and how often: as numbers and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose.drawing.heat import numbers
from compose.shown import csv_cell

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor


@dataclass(frozen=True)
class Usage:
    """How often each module gave a label's score.

    Args:
        name: the label.
        seen: whether the model was trained on it.
        counts: for each module, how often it gave the score.
    """

    name: str
    seen: bool
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """How often the label was predicted."""
        return sum(self.counts)

    @property
    def main(self) -> int | None:
        """The module that gave most of the scores, the first of several; none where there is no score."""
        return max(range(len(self.counts)), key=lambda module: self.counts[module]) if self.total else None


def usages(counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool]) -> list[Usage]:
    """The labels by their main module and name; those without a score last.

    Raises:
        ValueError: there are not as many names or flags as rows of counts.
    """
    if not len(counts) == len(names) == len(seen):
        raise ValueError(f"expected counts, names and seen of the same labels, got {len(counts)}, {len(names)}, "
                         f"{len(seen)}")  # fmt: skip
    rows = numbers(counts).tolist()
    found = [Usage(name, bool(known), tuple(row)) for name, known, row in zip(names, seen, rows, strict=True)]
    return sorted(found, key=lambda usage: (usage.main is None, usage.main or 0, usage.name.casefold(), usage.name))


def module_totals(found: Sequence[Usage]) -> list[int]:
    """How often each module was used for any label."""
    return [sum(column) for column in zip(*(usage.counts for usage in found), strict=True)]


def usage_table(counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool]) -> str:
    """CSV with a line for each label: whether it is seen, its main module, and the counts; modules count from 0."""
    file = io.StringIO()
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(["label", "seen", "main_module", *(f"module_{module}" for module in range(counts.shape[1]))])
    for usage in usages(counts, names, seen):
        main = "" if usage.main is None else usage.main
        lines.writerow([csv_cell(usage.name), str(usage.seen).lower(), main, *usage.counts])
    return file.getvalue()
