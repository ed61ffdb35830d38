"""The file of the data source ``glosses``: counts of words and the labels of each gloss, and no text of the glosses.

============= ======= ==========================================================================
array         dtype   content
============= ======= ==========================================================================
words         uint8   text: the words that are counted, the most frequent first, one a line
synsets       int32   ``n``: the offset of each gloss's synset, the number in its WordNet id
starts        int32   ``n+1``: where a gloss's words start
columns       uint16  the place of each word in ``words``
counts        uint8   how often it stands in the gloss
labels        int32   ``l``: the offsets of the labels' synsets
label_starts  int32   ``n+1``: where a gloss's labels start
label_columns uint16  the place of each of them in ``labels``
============= ======= ==========================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.vectors.sparse_rows import SparseRows

EMBEDDED = "glosses.npz"


@dataclass(frozen=True, eq=False)
class GlossTable:
    """Glosses as bags of words, and their hypernyms.

    Args:
        words: the words that are counted.
        synsets: ``n``: the offset of each gloss's synset.
        bags: how often each word stands in each gloss: ``n d``.
        labels: ``l``: the offsets of the labels' synsets.
        hypernyms: 1 for each label of a gloss: ``n l``.
    """

    words: tuple[str, ...]
    synsets: NDArray[np.int64]
    bags: SparseRows
    labels: NDArray[np.int64]
    hypernyms: SparseRows


def write_glosses(path: Path, glosses: GlossTable) -> None:
    """Write the file; the same glosses give the same bytes."""
    np.savez_compressed(
        path,
        words=np.frombuffer("\n".join(glosses.words).encode(), np.uint8),
        synsets=glosses.synsets.astype(np.int32),
        starts=glosses.bags.starts.astype(np.int32),
        columns=glosses.bags.columns.astype(np.uint16),
        counts=glosses.bags.values.astype(np.uint8),
        labels=glosses.labels.astype(np.int32),
        label_starts=glosses.hypernyms.starts.astype(np.int32),
        label_columns=glosses.hypernyms.columns.astype(np.uint16),
    )


def read_glosses(path: Path) -> GlossTable:
    """The glosses of a file."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    words = tuple(arrays["words"].tobytes().decode().split("\n"))
    starts, label_starts = (arrays[name].astype(np.int64) for name in ("starts", "label_starts"))
    columns, label_columns = (arrays[name].astype(np.int32) for name in ("columns", "label_columns"))
    labels = arrays["labels"].astype(np.int64)
    return GlossTable(
        words,
        arrays["synsets"].astype(np.int64),
        SparseRows(starts, columns, arrays["counts"].astype(np.float32), len(words)),
        labels,
        SparseRows(label_starts, label_columns, np.ones(len(label_columns), np.int8), len(labels)),
    )


@cache
def embedded_glosses() -> GlossTable:
    """The glosses that are part of the project, read once."""
    with as_file(files("compose.data.vectors") / EMBEDDED) as path:
        return read_glosses(path)
