"""Label vectors from the embedded WordNet taxonomy, so that a spec needs no download."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, vectors
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy
from compose.graphs.vectors.label_vectors import LabelVectors, as_tensor

MAX_DIM = 1000
CHUNK = 1024


@vectors(name="wordnet")
class WordnetVectors(LabelVectors):
    """The embedded default: a label is the sum of its WordNet hypernyms, each a fixed random direction.

    Every synset has a unit vector, drawn from its WordNet id. A label's vector is the sum of the vectors of its synset
    and of all hypernyms and instance hypernyms above it, each scaled by the root of its information content, and
    L2-normalised. The cosine of two labels is therefore, up to the noise of random directions, the share of their
    common hypernyms weighted by information: ``sum(common) / sqrt(sum(one) * sum(other))``.

    The noise is less than random directions alone would give (about ``1 / sqrt(dim)``): a quarter of the dimensions
    are kept for the synsets with the most hyponyms, one each, because those are in most sums.

    Deterministic, the same on every machine, and independent of which other labels are present.

    Args:
        dim: the size of a vector.
        taxonomy: a taxonomy file that ``compose wordnet build`` made of another WordNet than 3.0.
    """

    reads_meanings = True

    def __init__(self, dim: Annotated[int, Field(ge=1, le=MAX_DIM)] = 300, *, taxonomy: Path | None = None) -> None:
        if not 1 <= dim <= MAX_DIM:
            raise BlockError(f"expected a size from 1 to {MAX_DIM}, got {dim}", parameter="dim")
        self._dim = dim
        self.taxonomy = taxonomy

    @property
    def dim(self) -> int:
        """The size of a vector."""
        return self._dim

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels, float32, of length 1.

        Args:
            names: ``l`` nouns, in the singular or plural, synset names, or WordNet ids.
            synsets: ``l`` explicit synsets, None for a label that is looked up by its name.

        Raises:
            MissingLabels: all labels that are no noun of WordNet's.
        """
        taxonomy = load_taxonomy(self.taxonomy)
        return as_tensor(synset_vectors(taxonomy, find_synsets(taxonomy, names, synsets), self.dim))


def synset_vectors(taxonomy: Taxonomy, synsets: NDArray[np.int64], dim: int) -> NDArray[np.float32]:
    """``l d``: the vectors of synsets, float32, of length 1."""
    chunks = [_sums(taxonomy, synsets[start : start + CHUNK], dim) for start in range(0, len(synsets), CHUNK)]
    return np.concatenate([np.empty((0, dim), np.float32), *chunks])


def _sums(taxonomy: Taxonomy, synsets: NDArray[np.int64], dim: int) -> NDArray[np.float32]:
    positions, ancestors = taxonomy.closure(synsets)
    distinct, index = np.unique(ancestors, return_inverse=True)
    terms = directions(taxonomy, distinct, dim) * np.sqrt(taxonomy.information[distinct])[:, None]
    # Sums in the order of the synsets' numbers: the same bits whichever labels are asked for together.
    first = np.searchsorted(positions, np.arange(len(synsets)))
    sums = np.add.reduceat(terms[index], first, axis=0)  # l d
    return np.asarray(sums / np.sqrt((sums**2).sum(1, keepdims=True)), dtype=np.float32)


def directions(taxonomy: Taxonomy, synsets: NDArray[np.int64], dim: int) -> NDArray[np.float64]:
    """``k d``: the unit vector of each synset, which depends on the synset alone."""
    broadest = np.argsort(-taxonomy.hyponym_counts, kind="stable")[: dim // 4]
    axis = np.full(len(taxonomy), -1)
    axis[broadest] = np.arange(len(broadest))
    own = axis[synsets]
    vectors = np.zeros((len(synsets), dim))
    vectors[own >= 0, own[own >= 0]] = 1
    vectors[own < 0, len(broadest) :] = _drawn(taxonomy.offsets[synsets[own < 0]], dim - len(broadest))
    return vectors


def _drawn(offsets: NDArray[np.int64], dim: int) -> NDArray[np.float64]:
    """``k d``: random unit vectors seeded by WordNet ids.

    The entries are the bytes of SHAKE-128 made symmetric: exact integers, which no library or machine rounds otherwise.
    """
    drawn = b"".join(hashlib.shake_128(b"n%08d" % offset).digest(dim) for offset in offsets.tolist())
    entries = 2 * np.frombuffer(drawn, dtype=np.uint8).reshape(len(offsets), dim).astype(np.int64) - 255
    return np.asarray(entries / np.sqrt((entries**2).sum(1, keepdims=True)))
