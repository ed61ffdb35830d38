"""The words of labels, and what a file of word vectors knows of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compose.graphs.taxonomy.lookup import SYNSET_NAME

WordRow = NDArray[np.float32]
MARK = "\n"  # no word in a file of lines has it


class Made(NamedTuple):
    """A word that the file does not have, made of words that it has.

    Args:
        parts: those words.
        row: the mean of their vectors.
    """

    parts: tuple[str, ...]
    row: WordRow


@dataclass(frozen=True, kw_only=True, eq=False)
class Words:
    """What is known of the words of some labels.

    Args:
        rows: the vectors of the words that the file has.
        made: what stands for words that it does not have, by the words in lower case.
        mean: the vector of a label of which nothing is known; None where there may be none such.
    """

    rows: Mapping[str, WordRow]
    made: Mapping[str, Made] = field(default_factory=dict)
    mean: WordRow | None = None

    def vector(self, label: str) -> WordRow:
        """``d``: a label's vector: that of the whole, else the mean of its words', else the mean."""
        label = spoken(label)
        whole = self._row(label)
        if whole is not None:
            return whole
        rows = [row for word in split_words(label) or [label] if (row := self._row_of_word(word)) is not None]
        if not rows:
            assert self.mean is not None
            return self.mean
        return mean_of(rows)

    def missing(self, label: str) -> list[str]:
        """The words of a label that the file does not have."""
        label = spoken(label)
        if self._row(label) is not None:
            return []
        return [word for word in split_words(label) or [label] if self._row(word) is None]

    def parts(self, label: str) -> list[str]:
        """The words that a label's vector is the mean of, where the file does not have the label as one word."""
        label = spoken(label)
        words = split_words(label) or [label]
        parts = [(word,) if self._row(word) is not None else self._made(word) for word in words]
        return [part for some in parts for part in some]

    def _row_of_word(self, word: str) -> WordRow | None:
        row, made = self._row(word), self.made.get(word.lower())
        return made.row if row is None and made is not None else row

    def _row(self, word: str) -> WordRow | None:
        return next((self.rows[form] for form in forms(word) if form in self.rows), None)

    def _made(self, word: str) -> tuple[str, ...]:
        return self.made[word.lower()].parts if word.lower() in self.made else ()

    def packed(self) -> dict[str, WordRow]:
        """The same as rows alone, for the cache."""
        made = {f"{MARK}{' '.join((word, *parts))}": row for word, (parts, row) in self.made.items()}
        return {**self.rows, **made, **({} if self.mean is None else {MARK: self.mean})}

    @classmethod
    def unpacked(cls, packed: Mapping[str, WordRow]) -> Words:
        """From :meth:`packed`."""
        made = [(key[1:].split(" "), row) for key, row in packed.items() if key.startswith(MARK) and key != MARK]
        return cls(
            rows={key: row for key, row in packed.items() if not key.startswith(MARK)},
            made={word: Made(tuple(parts), row) for (word, *parts), row in made},
            mean=packed.get(MARK),
        )


def mean_of(rows: list[WordRow]) -> WordRow:
    """The mean of vectors."""
    return np.asarray(np.mean(rows, axis=0, dtype=np.float64), dtype=np.float32)


def spoken(label: str) -> str:
    """A label as people say it: of a synset's name, such as ``crane.n.04``, the word or words."""
    named = SYNSET_NAME.fullmatch(label)
    return named["lemma"].replace("_", " ") if named else label


def split_words(label: str) -> list[str]:
    """The words of a label: what stands between spaces, underscores, hyphens, slashes, commas and brackets."""
    return [word for word in re.split(r"[\s_\-/,()]+", label) if word]


def forms(word: str) -> tuple[str, ...]:
    """How a file may write a word, the first that it has counts."""
    return tuple(dict.fromkeys((word.lower(), word, word.capitalize())))
