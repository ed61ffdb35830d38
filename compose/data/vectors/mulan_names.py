"""The names of Mulan's labels as a user knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from compose.block import BlockError
from compose.data.label_list import meant

_DAMAGED = re.compile(r"(?=.*\w).*[?\\\ufffd]")
"""A letter beside what stands for another one that a program could not write: `dise?o`."""


class LabelNames(NamedTuple):
    """Labels by their names.

    Args:
        names: what they are called, in the order of the file.
        others: what else they may be called: their names in the file, with a prefix or without -> their names.
    """

    names: tuple[str, ...]
    others: dict[str, str]


def label_names(written: Sequence[str], *, prefix: str, rename: Mapping[str, str]) -> LabelNames:
    """The labels' names without their prefix, and with damaged ones mended.

    Args:
        written: the names in the file.
        prefix: what is cut from their starts.
        rename: labels that are called otherwise, by their names with or without the prefix.

    Raises:
        BlockError: a label is not there, or two are called the same.
    """
    short = [name.removeprefix(prefix) or name for name in written]
    known = {*written, *short}
    strangers = [f"`{name}`{meant(name, short)}" for name in rename if name not in known]
    if strangers:
        raise BlockError(f"no such label among {len(written):,}: {'; '.join(strangers)}", parameter="rename")
    names = [rename.get(name) or rename.get(cut, cut) for name, cut in zip(written, short, strict=True)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        parameter = "rename" if len(set(short)) == len(short) else "prefix"
        raise BlockError(f"two labels would be called `{twice[0]}`", parameter=parameter)
    others = {**dict(zip(short, names, strict=True)), **dict(zip(written, names, strict=True))}
    return LabelNames(tuple(names), others)


def damaged(names: Sequence[str]) -> list[str]:
    """The names that a program has spoilt, as it seems."""
    return [name for name in names if _DAMAGED.match(name)]


def is_punctuation(name: str) -> bool:
    """Whether a name has neither letter nor digit."""
    return not any(char.isalnum() for char in name)
