"""Time and peak memory of all pairs' WUP similarities and of a graph's edges, beside nltk on some of the pairs.

    python -m benchmarks.wup [--wordnet FOLDER] [--synsets FILE] [--sizes 2006 8586]

The folder holds WordNet 3.0's files; by default nltk's own corpus. nltk's reader needs the file `lexnames` there, which
is written where it is missing. The file of synsets has a WordNet id or a noun on each line; nouns drawn at random stand
in for it. Asked for: 2,006 synsets in under 0.5 s; 8,586 in under 15 s and 3 GB.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import peak
from compose.graphs.similarity.wup import similar_pairs, top_k, wup_similarities
from compose.graphs.taxonomy.build_taxonomy import open_wordnet
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy

IntArray = NDArray[np.int64]
NLTK_PAIRS = 10_000


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--wordnet", type=Path)
    options.add_argument("--synsets", type=Path)
    options.add_argument("--sizes", type=int, nargs="+", default=[2_006, 8_586])
    given = options.parse_args()
    taxonomy = load_taxonomy()
    listed = read_synsets(taxonomy, given.synsets) if given.synsets else np.array([], dtype=np.int64)
    others = np.random.default_rng(0).permutation(len(taxonomy))
    nouns = np.concatenate([listed, others[~np.isin(others, listed)]])
    print(f"numpy {np.__version__}; {len(listed):,} synsets of the file, the others at random; {peak():.2f} GB before")
    measured = [measure(taxonomy, nouns[:size]) for size in given.sizes]
    folder = given.wordnet or nltk_wordnet()
    if folder is None:
        print("nltk's WordNet is not here, and no comparison: name a folder by --wordnet")
        return
    for size, (one, other, values, seconds) in zip(given.sizes, measured, strict=True):
        compare(nltk_synsets(taxonomy, nouns[:size], folder), one, other, values, seconds)


def measure(taxonomy: Taxonomy, synsets: IntArray) -> tuple[IntArray, IntArray, NDArray[np.float32], float]:
    """Some pairs' positions and values, and the seconds that all pairs took; the first include the depths."""
    values, seconds = timed(lambda: wup_similarities(taxonomy, synsets))
    print(f"{len(synsets):,} synsets, all pairs: {seconds:.3f} s, peak {peak():.2f} GB")
    one, other = np.random.default_rng(1).integers(len(synsets), size=(2, NLTK_PAIRS))
    some = values[one, other]
    del values
    pairs, own = timed(lambda: similar_pairs(taxonomy, synsets, 0.5))
    print(f"  edges above 0.5: {len(pairs[0]) // 2:,} in {own:.3f} s, peak {peak():.2f} GB")
    del pairs
    _, own = timed(lambda: top_k(taxonomy, synsets, 10))
    print(f"  10 nearest: {own:.3f} s, peak {peak():.2f} GB")
    return one, other, some, seconds


def compare(nodes: list[Any], one: IntArray, other: IntArray, values: NDArray[np.float32], seconds: float) -> None:
    """nltk's time a pair, and whether its values are ours."""
    pairs = [(nodes[i], nodes[j]) for i, j in zip(one.tolist(), other.tolist(), strict=True)]
    for first, second in pairs[:500]:  # nltk reads its files on the way
        first.wup_similarity(second)
    found, nltk = timed(lambda: [first.wup_similarity(second) for first, second in pairs])
    equal = np.array_equal(np.array(found, dtype=np.float32), values)
    own, nltk = seconds / len(nodes) ** 2, nltk / len(pairs)
    print(
        f"nltk on {len(pairs):,} pairs of {len(nodes):,} synsets: {nltk * 1e6:.0f} us a pair; ours {own * 1e6:.4f} us"
    )
    print(f"  {nltk / own:,.0f} times as fast as {nltk * len(nodes) ** 2:,.0f} s for all; values equal: {equal}")


def nltk_wordnet() -> Path | None:
    """Where nltk's own corpus is, if anywhere."""
    import nltk

    try:
        return Path(str(nltk.data.find("corpora/wordnet")))
    except LookupError:
        return None


def nltk_synsets(taxonomy: Taxonomy, synsets: IntArray, folder: Path) -> list[Any]:
    wordnet = open_wordnet(folder)
    return [wordnet.synset_from_pos_and_offset("n", int(offset)) for offset in taxonomy.offsets[synsets]]


def read_synsets(taxonomy: Taxonomy, path: Path) -> IntArray:
    """The synsets of the lines that are nouns, each once."""
    found = [find_synset(taxonomy, line) for line in path.read_text("utf-8").splitlines()]
    return np.array(list(dict.fromkeys(synset for synset in found if synset is not None)), dtype=np.int64)


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    return function(), time.perf_counter() - start


if __name__ == "__main__":
    main()
