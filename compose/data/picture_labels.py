"""Which labels of pictures the tasks of each split are drawn by, where the label table says which are unseen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from compose.block import BlockError
from compose.data.source import LabelTable, Split
from compose.data.vectors.label_division import LabelDivision, Part, divide_labels
from compose.errors import listed


def divided_labels(table: LabelTable, split: Mapping[Split, Part] | Path | None, *, seed: int) -> LabelDivision:
    """The split of each label: all labels, in their order.

    Args:
        table: the labels; those unseen are the test's, unless ``split`` names others.
        split: for each split how many labels it has, or which; those that it does not name are for training.
        seed: of the lot.

    Raises:
        BlockError: a name that there is not, or that is twice; labels that are in no split, or none to train on.
    """
    unseen = [name for name, seen in zip(table.names, table.seen, strict=True) if not seen]
    parts = {} if split is None and unseen else split
    others: dict[Split, Part] = {"test": unseen} if unseen else {}
    division = divide_labels(table.names, drop=(), parts=parts, seed=seed, otherwise=others)
    if division.left_out:
        without = [f"`{name}`" for name in table.names if name not in division.names]
        message = f"expected every label in a split, but {listed(without)} would be in none"
        raise BlockError(f"{message}; without `train`, it has all that are left", parameter="split")
    return division


def division_of_table(table: LabelTable, division: LabelDivision) -> LabelTable:
    """A label table where only the labels of training are seen."""
    return replace(table, seen=tuple(division.within("train").tolist()))
