"""How the cosine of the `wordnet` label vectors ranks pairs of nouns, beside WUP similarity and beside GloVe.

    python -m benchmarks.vector_correlation [--glove FILE] [--pairs 10000]

Printed: Spearman's rank correlations over random pairs of all nouns; and, with a GloVe file, over random
pairs of its words that are nouns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy
from compose.graphs.vectors.glove_file import read_layout, read_words
from compose.graphs.vectors.wordnet_vectors import synset_vectors

DIMS = (100, 300, 1000)
CHUNK = 200

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.floating]


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--glove", type=Path)
    options.add_argument("--pairs", type=int, default=10_000)
    given = options.parse_args()
    taxonomy = load_taxonomy()
    report(taxonomy, "all nouns", np.arange(len(taxonomy)), {}, pairs=given.pairs)
    if given.glove:
        words, vectors = nouns_of(taxonomy, given.glove)
        report(taxonomy, f"{len(words):,} nouns of {given.glove.name}", words, {"GloVe": vectors}, pairs=given.pairs)


def report(taxonomy: Taxonomy, what: str, synsets: IntArray, vectors: dict[str, FloatArray], *, pairs: int) -> None:
    """The correlation of every two measures over the same random pairs."""
    one, other = distinct_pairs(len(synsets), pairs)
    measures = {"WUP": wup(taxonomy, synsets[one], synsets[other])}
    measures["shared hypernyms"] = shares(taxonomy, synsets[one], synsets[other])
    for dim in DIMS:
        pair = (synset_vectors(taxonomy, synsets[side], dim) for side in (one, other))
        measures[f"wordnet {dim}"] = cosine(*pair)
    measures |= {name: cosine(rows[one], rows[other]) for name, rows in vectors.items()}
    print(f"{what}: {pairs:,} pairs")
    names = list(measures)
    for i, name in enumerate(names):
        for second in names[i + 1 :]:
            print(f"  {name:>16} and {second:<16} {spearman(measures[name], measures[second]):+.3f}")


def distinct_pairs(n: int, pairs: int) -> tuple[IntArray, IntArray]:
    """Random pairs of different positions."""
    rng = np.random.default_rng(0)
    one = rng.integers(n, size=pairs)
    return one, (one + rng.integers(1, n, size=pairs)) % n


def wup(taxonomy: Taxonomy, one: IntArray, other: IntArray) -> FloatArray:
    chunks = (slice(start, start + CHUNK) for start in range(0, len(one), CHUNK))
    return np.concatenate([np.diag(wup_similarities(taxonomy, one[chunk], other[chunk])) for chunk in chunks])


def shares(taxonomy: Taxonomy, one: IntArray, other: IntArray) -> FloatArray:
    """What the cosine of the `wordnet` vectors stands for: ``sum(common) / sqrt(sum(one) * sum(other))``."""
    sums, pairs = [], []
    for side in (one, other):
        positions, ancestors = taxonomy.closure(side)
        sums.append(np.bincount(positions, weights=taxonomy.information[ancestors]))
        pairs.append(positions * len(taxonomy) + ancestors)
    positions, ancestors = np.divmod(np.intersect1d(*pairs), len(taxonomy))
    common = np.bincount(positions, weights=taxonomy.information[ancestors], minlength=len(one))
    return np.asarray(common / np.sqrt(sums[0] * sums[1]))


def cosine(one: FloatArray, other: FloatArray) -> FloatArray:
    return np.asarray((one * other).sum(1) / np.sqrt((one**2).sum(1) * (other**2).sum(1)))


def spearman(one: FloatArray, other: FloatArray) -> float:
    """Pearson's correlation of the ranks, of which equal values share the mean."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def ranks(values: FloatArray) -> FloatArray:
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[index])


def nouns_of(taxonomy: Taxonomy, path: Path) -> tuple[IntArray, FloatArray]:
    """The synsets of the file's words that are nouns, each once, and the words' vectors."""
    layout = read_layout(path)
    words = [word.decode("utf-8", errors="replace") for word in read_words(path, (), layout).vocabulary]
    nouns: dict[int, str] = {}
    for word in words:
        if (synset := find_synset(taxonomy, word)) is not None:
            nouns.setdefault(synset, word)
    rows = read_words(path, nouns.values(), layout).rows
    return np.array(list(nouns)), np.stack([rows[word] for word in nouns.values()])


if __name__ == "__main__":
    main()
