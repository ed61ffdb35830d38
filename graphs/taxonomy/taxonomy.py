"""A taxonomy of nouns: synsets, their words and senses, and the hypernym relation, as arrays.

Synsets are numbered ``0 … n-1`` in the order of their WordNet offsets; everything here speaks in these numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.graphs.taxonomy.ancestors import (
    IntArray,
    closure,
    distances,
    hyponym_counts,
    longest_paths,
    shortest_paths,
)
from compose.graphs.taxonomy.taxonomy_file import read_arrays, text

EMBEDDED = "wordnet_nouns.npz"


@dataclass(frozen=True, eq=False, kw_only=True)
class Taxonomy:
    """The nouns of a WordNet release.

    Args:
        version: WordNet's version, such as ``3.0``.
        offsets: ``n``: the number in a synset's WordNet id, ascending.
        words: the words of all synsets as WordNet writes them (``Golden_Gate``), synset after synset.
        word_starts: ``n+1``: where a synset's words start in ``words``.
        senses: for each word, the number of the sense that it has in its synset, from 1.
        parents: the hypernyms and instance hypernyms of all synsets, synset after synset.
        parent_starts: ``n+1``: where a synset's hypernyms start in ``parents``.
        instance: for each of ``parents``, whether it is an instance hypernym.
        exceptions: the singulars of irregular plurals.
    """

    version: str
    offsets: IntArray
    words: list[str]
    word_starts: IntArray
    senses: IntArray
    parents: IntArray
    parent_starts: IntArray
    instance: NDArray[np.bool_]
    exceptions: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.offsets)

    def synset_words(self, synset: int) -> list[str]:
        """The words of a synset, the most usual first."""
        return self.words[self.word_starts[synset] : self.word_starts[synset + 1]]

    def hypernyms(self, synset: int) -> list[int]:
        """The hypernyms and instance hypernyms of a synset."""
        return [int(parent) for parent in self.parents[self.parent_starts[synset] : self.parent_starts[synset + 1]]]

    def name(self, synset: int) -> str:
        """The name of a synset: its first word and that word's sense, such as ``queen.n.02``."""
        first = int(self.word_starts[synset])
        return f"{self.words[first].lower()}.n.{self.senses[first]:02d}"

    def wordnet_id(self, synset: int) -> str:
        """The WordNet id of a synset, such as ``n02084071``."""
        return f"n{self.offsets[synset]:08d}"

    def from_wordnet_id(self, wordnet_id: str) -> int | None:
        """The synset of an id such as ``n02084071``."""
        offset = int(wordnet_id[1:])
        synset = int(np.searchsorted(self.offsets, offset))
        return synset if synset < len(self) and self.offsets[synset] == offset else None

    def is_lemma(self, lemma: str) -> bool:
        """Whether a lower-case lemma such as ``polar_bear`` is a noun."""
        return lemma in self._first

    def sense(self, lemma: str, number: int = 1) -> int | None:
        """The synset that is a lemma's sense of this number, from 1; the most usual sense is 1."""
        return self._first.get(lemma) if number == 1 else self._further.get((lemma, number))

    def sense_count(self, lemma: str) -> int:
        """How many noun senses a lower-case lemma has."""
        count = int(self.is_lemma(lemma))
        while count and (lemma, count + 1) in self._further:
            count += 1
        return count

    def lemmas(self) -> Iterable[str]:
        """All lemmas, lower case."""
        return self._first.keys()

    @cached_property
    def children(self) -> IntArray:
        """For each of ``parents``, the synset whose hypernym it is."""
        return np.repeat(np.arange(len(self)), np.diff(self.parent_starts))

    @cached_property
    def hyponym_counts(self) -> IntArray:
        """``n``: how many synsets lie below each synset."""
        return hyponym_counts(self.parent_starts, self.parents)

    @cached_property
    def max_depths(self) -> IntArray:
        """``n``: the edges on the longest way from a synset up to its root."""
        return longest_paths(self.parent_starts, self.parents)

    @cached_property
    def min_depths(self) -> IntArray:
        """``n``: the edges on the shortest way from a synset up to a root."""
        return shortest_paths(self.parent_starts, self.parents)

    @cached_property
    def information(self) -> NDArray[np.float64]:
        """``n``: the information content of a synset, read off the taxonomy: how few lie below it, and how deep it is.

        The mean of ``1 - log(hyponyms + 1) / log(n + 1)`` (Seco, Veale and Hayes, ECAI 2004) and of
        ``log(depth + 1) / log(max depth + 1)`` (Zhou, Wang and Gu, 2008, with its k = 0.5): from just above 0 for the
        root to 1 for the deepest leaf.
        """
        below = 1.0 - np.log(self.hyponym_counts + 1.0) / np.log(len(self) + 1.0)
        above = np.log(self.max_depths + 1.0) / np.log(self.max_depths.max() + 1.0)
        return np.asarray((below + above) / 2)

    def closure(self, synsets: IntArray) -> tuple[IntArray, IntArray]:
        """Each synset's ancestors and itself: positions in ``synsets``, ascending, and the ancestor at each."""
        return closure(self.parent_starts, self.parents, synsets)

    def distances(self, synsets: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """The ``closure`` and, for each of its entries, the edges on the shortest way up to the ancestor."""
        return distances(self.parent_starts, self.parents, synsets)

    @cached_property
    def _lemmas(self) -> list[str]:
        return "\n".join(self.words).lower().split("\n")

    @cached_property
    def _synset_of_word(self) -> IntArray:
        return np.repeat(np.arange(len(self)), np.diff(self.word_starts))

    @cached_property
    def _first(self) -> dict[str, int]:
        first = self.senses == 1
        return dict(zip(compress(self._lemmas, first), self._synset_of_word[first].tolist(), strict=True))

    @cached_property
    def _further(self) -> dict[tuple[str, int], int]:
        further = self.senses > 1
        keys = zip(compress(self._lemmas, further), self.senses[further].tolist(), strict=True)
        return dict(zip(keys, self._synset_of_word[further].tolist(), strict=True))


@cache
def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy of a file, or the embedded one: WordNet 3.0's nouns. Read once in a process.

    Raises:
        TaxonomyError: the file is missing, damaged, or no taxonomy.
    """
    if path is None:
        with as_file(files("compose.graphs.taxonomy") / EMBEDDED) as embedded:
            return read_taxonomy(embedded)
    return read_taxonomy(path)


def read_taxonomy(path: Path) -> Taxonomy:
    """The taxonomy of a file.

    Raises:
        TaxonomyError: the file is missing, damaged, or no taxonomy.
    """
    arrays = read_arrays(path)
    parent_counts = arrays["parent_counts"]
    children = np.repeat(np.arange(len(parent_counts)), parent_counts)
    return Taxonomy(
        version=text(arrays["version"]),
        offsets=np.cumsum(arrays["offsets"], dtype=np.int64),
        words=text(arrays["words"]).split("\n"),
        word_starts=_starts(arrays["word_counts"]),
        senses=arrays["senses"].astype(np.int64),
        parents=children - arrays["parents"],
        parent_starts=_starts(parent_counts),
        instance=arrays["instance"].astype(bool),
        exceptions={form: bases for form, *bases in map(str.split, text(arrays["exceptions"]).splitlines())},
    )


def _starts(counts: NDArray[np.uint8]) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
