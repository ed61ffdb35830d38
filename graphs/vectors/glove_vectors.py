"""Label vectors from GloVe's text files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, vectors
from compose.graphs.graph_errors import MissingLabels, first_of
from compose.graphs.nearest import Nearest
from compose.graphs.vectors.glove_file import GloveLayout, WordTable, read_layout, read_mean, read_words
from compose.graphs.vectors.glued_words import known_parts, ranks_of
from compose.graphs.vectors.label_vectors import LabelVectors, as_tensor
from compose.graphs.vectors.label_words import Made, Words, forms, mean_of, split_words, spoken
from compose.graphs.vectors.vector_cache import cache_path, load_rows, save_rows

FREQUENT = 10_000


@vectors(name="glove")
class GloveVectors(LabelVectors):
    """GloVe word vectors from a standard text file, plain or gzip, of any dimension, with blanks or tabs.

    A label that the file has as one word, such as ``t-shirt``, has that word's vector. A label of several words is the
    mean of theirs. A word is looked for in lower case, then as written, then capitalised.

    The file is read once, line by line; the rows of a large one are kept in the user's cache folder
    (``$XDG_CACHE_HOME/compose`` or ``~/.cache/compose``) for the next run with the same labels. Word2vec's text format
    with its opening line ``words numbers`` is read too.

    Reference: GloVe (EMNLP 2014), https://nlp.stanford.edu/projects/glove.

    Args:
        path: the text file, such as ``glove.6B.300d.txt``.
        dim: the numbers in a vector; read off the file where it is not given.
        missing: what becomes of a word that the file does not have. ``error``: it is refused. ``split``: it is the mean
            of words that the file has and of which it is made, as ``webdesign`` is of ``web`` and ``design``, or the
            vector of another form of it. ``mean``: it is left out. A label of which nothing is left has the mean vector
            of the file's first 10,000 words, the most frequent in GloVe's own.
    """

    def __init__(
        self,
        path: Path,
        *,
        dim: Annotated[int, Field(ge=1)] | None = None,
        missing: Literal["error", "split", "mean"] = "error",
    ) -> None:
        if dim is not None and dim < 1:
            raise BlockError(f"expected a size of at least 1, got {dim}", parameter="dim")
        self.path = Path(path).expanduser()
        self.missing = missing
        self._dim = dim
        self._known: dict[frozenset[str], Words] = {}

    @property
    def dim(self) -> int:
        """The size of a vector, from the start of the file; where the file is not there, as the spec says."""
        return self._dim if self._dim is not None and not self.path.exists() else self._layout.dim

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels, float32, as the file has them or the mean of several: not of length 1.

        Args:
            names: ``l`` label names.
            synsets: not used.

        Raises:
            MissingLabels: all labels with a word that the file does not have, where such are refused.
            VectorFileError: the file is missing, damaged, or holds vectors of another size.
        """
        words = self._words(names)
        return as_tensor(np.array([words.vector(name) for name in names]).reshape(len(names), self.dim))

    def notes(self, names: Sequence[str]) -> list[str]:
        """What became of the labels with a word that the file does not have, one line for each way; none if there are
        none. Raises as a call does.
        """
        words = self._words(names)
        lacking = [name for name in names if words.missing(name)]
        made = {name: parts for name in lacking if (parts := words.parts(name))}
        lines = [
            f"{_are(len(made), 'made of other words')} of {self.path.name}: "
            + first_of([f"`{name}` ({', '.join(parts)})" for name, parts in made.items()]),
            f"{_are(len(lacking) - len(made), 'no word')} of {self.path.name}, and given the mean vector of its first "
            f"{FREQUENT:,} words: {first_of([f'`{name}`' for name in lacking if name not in made])}",
        ]
        return [line for line, told in zip(lines, (made, len(lacking) > len(made)), strict=True) if told]

    @cached_property
    def _layout(self) -> GloveLayout:
        layout = read_layout(self.path)
        if self._dim not in (None, layout.dim):
            raise BlockError(f"expected {layout.dim}, as {self.path} has it, got {self._dim}", parameter="dim")
        return layout

    def _words(self, names: Sequence[str]) -> Words:
        """The words of these labels; the file is read where they were not asked for before."""
        asked = frozenset(names)
        if asked not in self._known:
            self._known[asked] = self._read(names)
        return self._known[asked]

    def _read(self, names: Sequence[str]) -> Words:
        layout = self._layout
        wanted = {form for name in map(spoken, names) for word in [name, *split_words(name)] for form in forms(word)}
        cache = cache_path(self.path, wanted, how=self.missing)
        kept = load_rows(cache) if cache else None
        if kept is not None:
            return Words.unpacked(kept)
        table = read_words(self.path, wanted, layout)
        words = Words(rows=table.rows)
        missing = {name: lacking for name in names if (lacking := words.missing(name))}
        if missing and self.missing == "error":
            raise _missing(self.path, missing, table.vocabulary)
        if missing:
            words = self._replaced(table, {word for lacking in missing.values() for word in lacking})
        if cache and words.rows:
            save_rows(cache, words.packed())
        return words

    def _replaced(self, table: WordTable, missing: Iterable[str]) -> Words:
        """The words found, with what stands for those that are missing."""
        mean = read_mean(self.path, self._layout, first=FREQUENT)
        if self.missing == "mean":
            return Words(rows=table.rows, mean=mean)
        ranks = ranks_of(table.vocabulary)
        parts = {word: known_parts(word, ranks) for word in map(str.lower, missing)}
        rows = read_words(self.path, {part for some in parts.values() for part in some}, self._layout).rows
        known = {word: some for word, some in parts.items() if some and all(part in rows for part in some)}
        made = {word: Made(some, mean_of([rows[part] for part in some])) for word, some in known.items()}
        return Words(rows=table.rows, made=made, mean=mean)


def _are(count: int, what: str) -> str:
    return f"{count:,} label{'s are' if count > 1 else ' is'} {what}"


def _missing(path: Path, missing: Mapping[str, list[str]], vocabulary: list[bytes]) -> MissingLabels:
    nearest = Nearest(word.decode("utf-8", errors="replace") for word in vocabulary)
    close = nearest.all(dict.fromkeys(word for words in missing.values() for word in words))
    partly = {name: words for name, words in missing.items() if words != [name]}
    return MissingLabels(
        f"the word vectors of {path}",
        list(missing),
        nearest={name: close[words[0]] for name, words in missing.items() if close.get(words[0])},
        reasons={name: f"no vector for {', '.join(f'`{word}`' for word in words)}" for name, words in partly.items()},
        hint="Rename the labels, give vectors of your own for them ({use: file, path: ...}), or let them be made of "
        "words that are there (`missing: split`).",
    )
