"""Label vectors from the user's own file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float
from torch import Tensor

from compose.block import BlockError, vectors
from compose.graphs.graph_errors import MissingLabels
from compose.graphs.nearest import Nearest
from compose.graphs.vectors.label_vectors import LabelVectors, as_tensor
from compose.graphs.vectors.vector_files import READERS, VectorTable, read_vectors


@vectors(name="file")
class FileVectors(LabelVectors):
    """The user's own label vectors: a file with one vector for each label.

    ``.npz``: an array ``names`` and an array ``vectors`` (labels × numbers), or an array for each label under its name.
    ``.safetensors``: a tensor for each label under its name.
    ``.json``: ``{"label": [numbers], ...}``.
    ``.csv`` and ``.tsv``: the label, then its numbers; a first line of column titles is skipped.
    ``.txt``: the label, which may have spaces, then its numbers, separated by spaces.

    A label is found by its name, by its name but for case, spaces, hyphens and underscores, or by its synset.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path).expanduser()
        if self.path.suffix.lower() not in READERS:
            raise BlockError(f"expected a file ending in {', '.join(READERS)}, got {self.path.name}", parameter="path")

    @property
    def dim(self) -> int:
        """The size of a vector."""
        return int(self._table.vectors.shape[1])

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels, float32, as the file has them.

        Args:
            names: ``l`` label names.
            synsets: ``l`` explicit synsets, by which the file may name its vectors too.

        Raises:
            MissingLabels: all labels without a vector.
            VectorFileError: the file is missing, damaged, or not of its form.
        """
        rows = [self._row(name, synset) for name, synset in zip(names, synsets, strict=True)]
        missing = [name for name, row in zip(names, rows, strict=True) if row is None]
        if missing:
            close = Nearest(self._table.names).all(missing)
            raise MissingLabels(f"the vectors of {self.path}", missing, nearest=close)
        return as_tensor(self._table.vectors[np.array(rows, dtype=np.int64)])

    def _row(self, name: str, synset: str | None) -> int | None:
        keys = [name, folded(name), *([synset] if synset else [])]
        return next((self._index[key] for key in keys if key in self._index), None)

    @cached_property
    def _table(self) -> VectorTable:
        return read_vectors(self.path)

    @cached_property
    def _index(self) -> dict[str, int]:
        names = {name: i for i, name in enumerate(self._table.names)}
        return {folded(name): i for name, i in reversed(names.items())} | names


def folded(name: str) -> str:
    """A name without what people write differently: case, spaces, hyphens and underscores."""
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split())
