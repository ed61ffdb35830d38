"""Label vectors from GloVe's text files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, vectors
from compose.graphs.errors import MissingLabels
from compose.graphs.glove_file import Layout, read_layout, read_words
from compose.graphs.nearest import Nearest
from compose.graphs.vector_cache import cache_path, load_rows, save_rows
from compose.graphs.vectors import as_tensor

Rows = Mapping[str, NDArray[np.float32]]


@vectors(name="glove")
class GloveVectors:
    """GloVe word vectors from a standard text file, plain or gzip, of any dimension.

    A label that the file has as one word, such as ``t-shirt``, has that word's vector. A label of several words is the
    mean of theirs. A word is looked for in lower case, then as written, then capitalised.

    The file is read once, line by line; the rows of a large one are kept in the user's cache folder
    (``$XDG_CACHE_HOME/compose`` or ``~/.cache/compose``) for the next run with the same labels. Word2vec's text format
    with its opening line ``words numbers`` is read too.

    Source: GloVe (EMNLP 2014), https://nlp.stanford.edu/projects/glove.

    Args:
        path: the text file, such as ``glove.6B.300d.txt``.
        dim: the numbers in a vector; read off the file where it is not given.
    """

    def __init__(self, path: Path, *, dim: Annotated[int, Field(ge=1)] | None = None) -> None:
        if dim is not None and dim < 1:
            raise BlockError(f"expected a size of at least 1, got {dim}", parameter="dim")
        self.path = Path(path).expanduser()
        self._dim = dim

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
            MissingLabels: all labels with a word that the file does not have.
            VectorFileError: the file is missing, damaged, or holds vectors of another size.
        """
        rows = self._rows(names)
        return as_tensor(np.array([label_vector(name, rows) for name in names]).reshape(len(names), self.dim))

    @cached_property
    def _layout(self) -> Layout:
        layout = read_layout(self.path)
        if self._dim not in (None, layout.dim):
            raise BlockError(f"expected {layout.dim}, as {self.path} has it, got {self._dim}", parameter="dim")
        return layout

    def _rows(self, names: Sequence[str]) -> Rows:
        layout = self._layout
        wanted = {form for name in names for word in [name, *split_words(name)] for form in forms(word)}
        cache = cache_path(self.path, wanted)
        kept = load_rows(cache) if cache else None
        if kept is not None:
            return kept
        table = read_words(self.path, wanted, layout)
        missing = {name: words for name in names if (words := missing_words(name, table.rows))}
        if missing:
            raise _missing(self.path, missing, table.vocabulary)
        if cache and table.rows:
            save_rows(cache, table.rows)
        return table.rows


def split_words(label: str) -> list[str]:
    """The words of a label: what stands between spaces, underscores, hyphens, slashes, commas and brackets."""
    return [word for word in re.split(r"[\s_\-/,()]+", label) if word]


def forms(word: str) -> tuple[str, ...]:
    """How a file may write a word, the first that it has counts."""
    return tuple(dict.fromkeys((word.lower(), word, word.capitalize())))


def label_vector(label: str, rows: Rows) -> NDArray[np.float32]:
    """``d``: the vector of a label whose words are all there."""
    whole = _row(label, rows)
    if whole is not None:
        return whole
    words = [row for word in split_words(label) if (row := _row(word, rows)) is not None]
    return np.asarray(np.mean(words, axis=0, dtype=np.float64), dtype=np.float32)


def missing_words(label: str, rows: Rows) -> list[str]:
    """The words of a label without a vector."""
    if _row(label, rows) is not None:
        return []
    words = split_words(label) or [label]
    return [word for word in words if _row(word, rows) is None]


def _row(word: str, rows: Rows) -> NDArray[np.float32] | None:
    return next((rows[form] for form in forms(word) if form in rows), None)


def _missing(path: Path, missing: Mapping[str, list[str]], vocabulary: list[bytes]) -> MissingLabels:
    nearest = Nearest(word.decode("utf-8", errors="replace") for word in vocabulary)
    close = nearest.all(dict.fromkeys(word for words in missing.values() for word in words))
    partly = {name: words for name, words in missing.items() if words != [name]}
    return MissingLabels(
        f"the word vectors of {path}",
        list(missing),
        nearest={name: close[words[0]] for name, words in missing.items() if close.get(words[0])},
        reasons={name: f"no vector for {', '.join(f'`{word}`' for word in words)}" for name, words in partly.items()},
        hint="Rename the labels, or give vectors of your own for them ({use: file, path: ...}).",
    )
