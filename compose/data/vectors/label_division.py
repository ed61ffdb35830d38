"""Which labels are in use, and which of them are kept from training: those of validation and of test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias, get_args

import numpy as np
import yaml
from jaxtyping import Bool, Int64
from pydantic import Field

from compose.block import BlockError
from compose.data.counter_random import by_lot
from compose.data.label_list import meant
from compose.data.source import LabelTable, Split
from compose.data.text_file import MOST_LIST, json_of, why_unread
from compose.errors import listed, nearest

Part: TypeAlias = Annotated[int, Field(ge=0)] | list[str]
"""How many labels a split has, or which."""
Parts: TypeAlias = Mapping[Split, Part]
_STREAM = 11
_YAML = (".yaml", ".yml")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""All scalars are texts: `2007`, `no` and `null` are names."""


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
    otherwise: Parts | None = None,
) -> LabelDivision:
    """Leave out some labels, and divide the rest.

    Args:
        names: all labels of the data.
        drop: those that are left out, also of the splits that name them.
        parts: for each split how many labels it has, or which; those named are taken first, the others by lot. Where
            nothing is said of ``train``, it has all labels that are left. A JSON or YAML file may say it.
        seed: of the lot.
        others: what else a label may be called.
        otherwise: what holds for the splits of which ``parts`` says nothing.

    Raises:
        BlockError: a name that there is not, or that is twice; more labels than there are, or none to train on.
    """
    dropped = set(_known(drop, names, others or {}, "drop"))
    left = [name for name in names if name not in dropped]
    if parts is None:
        return LabelDivision(tuple(left), _places(left, names), None)
    splits, overruled = (
        _of_file(names, parts, others or {}, seed, dropped, otherwise or {})
        if isinstance(parts, Path)
        else _split(names, {**(otherwise or {}), **parts}, others or {}, seed, dropped)
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
    names: Sequence[str], path: Path, others: Mapping[str, str], seed: int, dropped: Set[str], otherwise: Parts
) -> tuple[dict[str, Split], Set[str]]:
    """The split of each label as a file says it; its errors are errors of the file."""
    try:
        return _split(names, {**otherwise, **read_division(path)}, others, seed, dropped)
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
    order = by_lot((seed, _STREAM), range(len(names)))
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
        asked_for = listed(strangers, show=lambda name: f"`{name}`{meant(name, every)}", between="; ")
        raise BlockError(f"no such label among {len(names):,}: {asked_for}", parameter=parameter)
    twice = [name for i, name in enumerate(found) if name in found[:i]]
    if twice:
        raise BlockError(f"`{twice[0]}` occurs twice", parameter=parameter)
    return found


def read_division(path: Path) -> dict[Split, int | list[str]]:
    """How many labels each split has, or which, as a YAML or else JSON file says it, all under ``split`` or not.

    Raises:
        BlockError: it cannot be read, or says something else.
    """
    try:
        if why := why_unread(path.expanduser(), MOST_LIST):
            raise BlockError(f"cannot be read ({why})")
        text = path.expanduser().read_text("utf-8-sig")
    except OSError as error:
        raise BlockError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BlockError("expected UTF-8") from None
    found = _yaml(text) if path.suffix.lower() in _YAML else _json(text)
    return _parts(found["split"] if isinstance(found, dict) and list(found) == ["split"] else found)


def _json(text: str) -> object:
    try:
        return json_of(text)
    except json.JSONDecodeError as error:
        raise BlockError(f"line {error.lineno}: expected JSON ({error.msg})") from None


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise BlockError(f"{line}expected YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise BlockError(f"expected YAML ({error})") from None
    except RecursionError:
        raise BlockError("expected YAML (Too many levels)") from None


def _parts(found: object) -> dict[Split, int | list[str]]:
    if not isinstance(found, Mapping):
        form = '{"train": [...], "val": [...], "test": [...]}'
        got = "a text" if isinstance(found, str) and found else _kind(found)  # of a file that may be none of labels
        raise BlockError(f"expected {form} of lists of labels, or of how many, got {got}")
    for key in found:
        if key not in get_args(Split):
            got = f"`{key}`" if nearest(str(key), get_args(Split)) else "another key"
            raise BlockError(f"expected {', '.join(f'`{split}`' for split in get_args(Split))}, got {got}")
    return {split: _part(which, split) for split, which in found.items()}


def _part(which: object, split: str) -> int | list[str]:
    if isinstance(which, list):
        strange = [entry for entry in which if not isinstance(entry, str)]
        if strange:
            raise BlockError(f"expected names of labels, got {_kind(strange[0])}", parameter=f"split.{split}")
        return which
    number = int(which) if isinstance(which, str) and which.isdecimal() else which  # in YAML all is text
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        message = f"expected a list of labels, or how many, got {_kind(which)}"
        raise BlockError(message, parameter=f"split.{split}")
    return number


def _kind(found: object) -> str:
    """What was read, in a word or two."""
    if isinstance(found, Mapping):
        return "a mapping"
    if isinstance(found, list):
        return "a list"
    return f"`{json.dumps(found, ensure_ascii=False)}`" if found not in (None, "") else "nothing"
