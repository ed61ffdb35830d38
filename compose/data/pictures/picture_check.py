"""Find the pictures that cannot be read, before training does."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from compose.data.folders import entries_of
from compose.data.pictures.grey_range import GreyRange
from compose.data.pictures.picture import inspected

_MOST_HINTS = 20
"""Missing files for which a similar name is looked up."""


class PictureChecks(NamedTuple):
    """What a look at pictures shows, by their positions.

    Args:
        faults: what is wrong with those that cannot be read.
        scaled: the range of the numbers of those of more than 8 bits, or of decimals.
    """

    faults: dict[int, str]
    scaled: dict[int, GreyRange]


def check_pictures(paths: Sequence[Path], *, decode: bool) -> PictureChecks:
    """What a look at pictures shows.

    Threads serve, as PIL reads and decodes without holding Python's lock.

    Args:
        paths: the pictures.
        decode: read each to its end, which finds files that were cut off; else only the headers.
    """
    broken: dict[int, str] = {}
    scaled: dict[int, GreyRange] = {}
    with ThreadPoolExecutor(min(32, 2 * (os.cpu_count() or 1))) as pool:
        for i, found in enumerate(pool.map(lambda path: inspected(path, decode=decode), paths)):
            if found.fault is not None:
                broken[i] = found.fault
            if found.scaled is not None:
                scaled[i] = found.scaled
    names: dict[Path, list[str]] = {}
    missing = [i for i in broken if not os.path.exists(paths[i])]
    for i in missing[:_MOST_HINTS]:
        broken[i] += _hint(paths[i], names)
    return PictureChecks(broken, scaled)


def _hint(path: Path, names: dict[Path, list[str]]) -> str:
    """The file that was probably meant: the same name in other capitals, with another ending, or nearly the same."""
    if path.parent not in names:
        readable = os.access(path.parent, os.R_OK) and os.path.isdir(path.parent)
        names[path.parent] = [entry.name for entry in entries_of(path.parent)] if readable else []
    there = names[path.parent]
    same = [name for name in there if Path(name).stem.lower() == path.stem.lower()]
    alike = [name for name in there if _digits(name) == _digits(path.name)]  # 12.jpg is no typo of 13.jpg
    close = same or get_close_matches(path.name, alike[:2000], n=1, cutoff=0.8)
    return f"; there is `{close[0]}`" if close else ""


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))
