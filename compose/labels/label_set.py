"""The labels in use: the seen ones, the unseen ones, or all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import torch
from jaxtyping import Int64
from torch import Tensor

from compose.data.source import LabelTable

Labels: TypeAlias = Literal["seen", "unseen", "all"]
"""Which labels are in use."""


@dataclass(frozen=True)
class LabelSet:
    """The labels in use, in the order of the table.

    Args:
        which: which of the table's labels they are.
        columns: their columns in the targets.
        names: their names.
        seen: which of them may be trained on.
        synsets: their synsets, None where the table names none.
    """

    which: Labels
    columns: tuple[int, ...]
    names: tuple[str, ...]
    seen: tuple[bool, ...]
    synsets: tuple[str | None, ...]

    @cached_property
    def index(self) -> Int64[Tensor, " l"]:
        """The columns, to take them from a tensor."""
        return torch.tensor(self.columns, dtype=torch.int64)


def label_set(table: LabelTable, which: Labels, *, dropped: Collection[str] = ()) -> LabelSet:
    """The seen labels of a table, the unseen ones, or all; there may be none.

    Args:
        table: all labels.
        which: which of them.
        dropped: labels that are left out (a ``strict`` label space).

    Raises:
        ValueError: there is no such set.
    """
    if which not in get_args(Labels):
        raise ValueError(f"expected one of {', '.join(get_args(Labels))}, got `{which}`")
    gone = set(dropped)
    columns = tuple(
        column
        for column, (name, seen) in enumerate(zip(table.names, table.seen, strict=True))
        if name not in gone and (which == "all" or seen == (which == "seen"))
    )
    return LabelSet(
        which,
        columns,
        tuple(table.names[column] for column in columns),
        tuple(table.seen[column] for column in columns),
        tuple(table.synsets[column] for column in columns),
    )


def training_labels(table: LabelTable) -> Labels:
    """The labels in use in training: the seen ones, or all where none is seen."""
    return "seen" if any(table.seen) else "all"
