"""Which labels are in use, and which of them are kept from training: those of validation and of test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, Int64
from pydantic import Field

from compose.block import BlockError
from compose.data.counter_random import Dice
from compose.data.label_list import meant
from compose.data.source import LabelTable, Split
from compose.data.vectors.label_division_file import read_division

SHOWN = 5
SPLITS: tuple[Split, ...] = get_args(Split)
Count = Annotated[int, Field(ge=0)]
Parts: TypeAlias = Mapping[Split, Count | list[str]]
"""How many labels a split has, or which."""
_STREAM = 11


@dataclass(frozen=True)
class LabelDivision:
    """The labels in use, in the order of their data.

    Args:
        names: their names.
        places: where they are among all labels of the data.
        splits: the split of each; None where labels are not divided.
        left_out: how many labels are in no split.
        overruled: those that a split names although they are dropped.
    """

    names: tuple[str, ...]
    places: Int64[np.ndarray, " l"]
    splits: tuple[Split, ...] | None
    left_out: int = 0
    overruled: tuple[str, ...] = ()

    def table(self, synsets: Sequence[str | None] | None = None) -> LabelTable:
        """The labels; those of training are seen, and all where they are not divided."""
        seen = tuple(split == "train" for split in self.splits or ("train",) * len(self.names))
        return LabelTable(self.names, seen, tuple(synsets[i] if synsets else None for i in self.places))

    def columns(self, split: Split) -> Int64[np.ndarray, " k"]:
        """The labels of a split."""
        return np.flatnonzero(self.within(split))

    def within(self, split: Split) -> Bool[np.ndarray, " l"]:
        """Whether each label is one of a split."""
        return np.ones(len(self.names), bool) if self.splits is None else np.array(self.splits) == split


def divide_labels(
    names: Sequence[str],
    *,
    drop: Sequence[str],
    parts: Parts | Path | None,
    seed: int,
    others: Mapping[str, str] | None = None,
) -> LabelDivision:
    """Leave out some labels, and divide the rest.

    Args:
        names: all labels of the data.
        drop: those that are left out, also of the splits that name them.
        parts: for each split how many labels it has, or which; those named are taken first, the others by lot. Where
            nothing is said of ``train``, it has all labels that are left. A JSON or YAML file may say it.
        seed: of the lot.
        others: what else a label may be called.

    Raises:
        BlockError: a name that there is not, or that is twice; more labels than there are, or none to train on.
    """
    dropped = set(_known(drop, names, others or {}, "drop"))
    left = [name for name in names if name not in dropped]
    if parts is None:
        return LabelDivision(tuple(left), _places(left, names), None)
    splits, overruled = (
        _of_file(names, parts, others or {}, seed, dropped)
        if isinstance(parts, Path)
        else _split(names, parts, others or {}, seed, dropped)
    )
    used = [name for name in left if name in splits]
    return LabelDivision(
        tuple(used),
        _places(used, names),
        tuple(splits[name] for name in used),
        left_out=len(left) - len(used),
        overruled=tuple(name for name in names if name in overruled),
    )


def _of_file(
    names: Sequence[str], path: Path, others: Mapping[str, str], seed: int, dropped: Set[str]
) -> tuple[dict[str, Split], Set[str]]:
    """The split of each label as a file says it; its errors are errors of the file."""
    try:
        return _split(names, read_division(path), others, seed, dropped)
    except BlockError as error:
        part = f"`{error.parameter.removeprefix('split.')}`: " if error.parameter not in (None, "split") else ""
        raise BlockError(f"{path}: {part}{error}", parameter="split") from None


def _split(
    names: Sequence[str], parts: Parts, others: Mapping[str, str], seed: int, dropped: Set[str]
) -> tuple[dict[str, Split], Set[str]]:
    """The split of each label, and those that are named although they are dropped."""
    named = _taken(names, parts, others)
    taken = {name: split for name, split in named.items() if name not in dropped}
    return _drawn([name for name in names if name not in dropped], taken, parts, seed), named.keys() & dropped


def _places(some: Sequence[str], names: Sequence[str]) -> Int64[np.ndarray, " l"]:
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[name] for name in some], np.int64)


def _taken(names: Sequence[str], parts: Parts, others: Mapping[str, str]) -> dict[str, Split]:
    """The split of each label that is named."""
    taken: dict[str, Split] = {}
    for split, which in parts.items():
        for name in _known(which, names, others, f"split.{split}") if not isinstance(which, int) else ():
            if name in taken:
                raise BlockError(f"`{name}` is in `{taken[name]}` already", parameter=f"split.{split}")
            taken[name] = split
    return taken


def _drawn(names: Sequence[str], taken: dict[str, Split], parts: Parts, seed: int) -> dict[str, Split]:
    """The split of each label: those named, and others by lot."""
    order = Dice((seed, _STREAM), range(len(names))).uniform(1)[:, 0].argsort(kind="stable")
    free = [names[place] for place in order if names[place] not in taken]
    counts = {split: which for split, which in parts.items() if isinstance(which, int)}
    if sum(counts.values()) > len(free):
        besides = f" besides the {len(taken):,} that are named" if taken else ""
        asked = " + ".join(f"{count:,}" for count in counts.values())
        raise BlockError(f"expected at most {len(free):,} labels{besides}, got {asked}", parameter="split")
    if "train" not in parts:
        counts["train"] = len(free) - sum(counts.values())
    lots = np.repeat(list(counts), list(counts.values())).tolist()
    splits = {**taken, **dict(zip(free, lots, strict=False))}
    if "train" not in splits.values():
        raise BlockError("expected labels to train on, but `train` has none", parameter="split")
    return splits


def _known(asked: Sequence[str], names: Sequence[str], others: Mapping[str, str], parameter: str) -> list[str]:
    """The labels that are asked for, each by the name that it has in the table."""
    there = set(names)
    found = [name if name in there else others.get(name, name) for name in asked]
    strangers = [name for name in found if name not in there]
    if strangers:
        every = [*names, *others]
        listed = "; ".join(f"`{name}`{meant(name, every)}" for name in strangers[:SHOWN])
        more = f" and {len(strangers) - SHOWN:,} more" if len(strangers) > SHOWN else ""
        raise BlockError(f"no such label among {len(names):,}: {listed}{more}", parameter=parameter)
    twice = [name for i, name in enumerate(found) if name in found[:i]]
    if twice:
        raise BlockError(f"`{twice[0]}` occurs twice", parameter=parameter)
    return found
