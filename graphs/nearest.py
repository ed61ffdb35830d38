"""The names nearest to one that is not there, out of hundreds of thousands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789_"
CLOSE = 0.66
START = 0.05
CANDIDATES = 200
MOST_QUERIES = 40


class Nearest:
    """Names to choose from, with the letters of each counted.

    Args:
        names: the names that exist.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(dict.fromkeys(names))
        self._counts = _letter_counts(self._names)
        self._sizes = self._counts.sum(1, dtype=np.int32)

    def __call__(self, name: str, *, count: int = 3) -> list[str]:
        """The closest names, best first; none where nothing is close.

        Letters in common bound how alike two texts can be, so that only the names that share most are compared.
        """
        query = _letter_counts([name])
        shared = np.minimum(self._counts, query).sum(1, dtype=np.int32)
        bound = 2 * shared / np.maximum(self._sizes + query.sum(), 1)
        best = np.argsort(-bound, kind="stable")[:CANDIDATES]
        scored = [(likeness(self._names[i], name), self._names[i]) for i in best[bound[best] >= CLOSE]]
        return [found for score, found in sorted(scored, key=lambda pair: -pair[0])[:count] if score >= CLOSE]

    def all(self, names: Iterable[str]) -> Mapping[str, list[str]]:
        """The closest names of each of many, or of the first few where there are too many to read."""
        return {name: self(name) for name in list(names)[:MOST_QUERIES]}


def likeness(one: str, other: str) -> float:
    """How alike two names are; people seldom mistake the first letters, so that these count for more."""
    one, other = _plain(one), _plain(other)
    ratio = SequenceMatcher(a=one, b=other, autojunk=False).ratio()
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one[:4], other, strict=False)))
    return ratio + START * start if ratio >= CLOSE else ratio


def _plain(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _letter_counts(names: list[str]) -> NDArray[np.uint8]:
    """``k 37``: how often each letter of the alphabet stands in each name."""
    letters = np.full(256, -1)
    letters[np.frombuffer(ALPHABET.encode(), dtype=np.uint8)] = np.arange(len(ALPHABET))
    encoded = [_plain(name).encode("utf-8") for name in names]
    content = letters[np.frombuffer(b"".join(encoded), dtype=np.uint8)]
    rows = np.repeat(np.arange(len(names)), [len(name) for name in encoded])
    known = content >= 0
    cells = rows[known] * len(ALPHABET) + content[known]
    counts = np.bincount(cells, minlength=len(names) * len(ALPHABET)).reshape(len(names), len(ALPHABET))
    return np.minimum(counts, 255).astype(np.uint8)
