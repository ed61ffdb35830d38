"""Label sets of published data: what each label means in WordNet, and in which sets it is unseen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class LabelEntry(NamedTuple):
    """A label.

    Args:
        name: what the publisher calls it.
        synset: what it means, as a noun of WordNet 3.0.
        unseen_in: the sets in which it is unseen.
        seen_in: the sets in which it is seen.
    """

    name: str
    synset: str | None
    unseen_in: frozenset[str] = frozenset()
    seen_in: frozenset[str] = frozenset()


@cache
def label_set_table(name: str) -> tuple[LabelEntry, ...]:
    """The labels of a data set, in the publisher's order.

    Args:
        name: of a table ``NAME.tsv`` here: a column of labels, one of synsets, and one for each set, in which a label
            is ``seen``, ``unseen``, or neither.
    """
    lines = files(__package__).joinpath(f"{name}.tsv").read_text("utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines)
    return tuple(
        LabelEntry(label, synset or None, _sets(head, marks, "unseen"), _sets(head, marks, "seen"))
        for label, synset, *marks in rows
    )


def _sets(head: Sequence[str], marks: Sequence[str], which: str) -> frozenset[str]:
    return frozenset(name for name, mark in zip(head[2:], marks, strict=True) if mark == which)


def synsets_of(table: Sequence[LabelEntry], names: Sequence[str]) -> tuple[str | None, ...]:
    """The synset of each of some labels; None for one that is not in the table."""
    known = {entry.name: entry.synset for entry in table}
    return tuple(known.get(name) for name in names)


def seen_but(names: Sequence[str], unseen: Collection[str]) -> tuple[bool, ...]:
    """Whether each label is seen."""
    apart = set(unseen)
    return tuple(name not in apart for name in names)
