"""WUP against nltk: on little taxonomies, on stored values of WordNet 3.0, and on WordNet 3.0 where nltk has it.

``python tests/graphs/test_wup.py FOLDER`` stores nltk's values anew, from a folder of WordNet 3.0's files, where
nltk's reader needs the file ``lexnames``, which is written where it is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import compose.graphs.similarity.wup_blocks
from compose.graphs.similarity.wup import similar_pairs, top_k, wup_similarities
from compose.graphs.similarity.wup_blocks import ranked
from compose.graphs.taxonomy.build_taxonomy import build_taxonomy, open_wordnet
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy, read_taxonomy

STORED = Path(__file__).parent / "wup_values.npz"

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def nltk_values(wordnet: Any, taxonomy: Taxonomy, pairs: IntArray) -> FloatArray:
    """nltk's similarity of pairs of synsets; 0 where it has none."""
    nodes = {i: wordnet.synset_from_pos_and_offset("n", int(taxonomy.offsets[i])) for i in np.unique(pairs).tolist()}
    return np.array([nodes[one].wup_similarity(nodes[other]) or 0.0 for one, other in pairs.tolist()])


def all_pairs(synsets: IntArray) -> IntArray:
    return np.stack(np.meshgrid(synsets, synsets, indexing="ij"), axis=-1).reshape(-1, 2)


def paired(taxonomy: Taxonomy, pairs: IntArray) -> NDArray[np.float32]:
    """The similarity of each pair."""
    parts = np.array_split(pairs, len(pairs) // 500 + 1)
    return np.concatenate([np.diag(wup_similarities(taxonomy, part[:, 0], part[:, 1])) for part in parts])


def odd_synsets(taxonomy: Taxonomy) -> tuple[IntArray, IntArray]:
    """Synsets with another ancestor as deep as they are that nltk sorts before them, and such ancestors."""
    positions, ancestors = taxonomy.closure(np.arange(len(taxonomy)))
    depths = taxonomy.min_depths
    rank = np.argsort(ranked(taxonomy, np.arange(len(taxonomy))))
    rivals = (depths[positions] == depths[ancestors]) & (rank[positions] < rank[ancestors])
    return positions[rivals], ancestors[rivals]


def telling_synsets(taxonomy: Taxonomy, rng: np.random.Generator) -> IntArray:
    """300 synsets, among them everything that makes WUP less than plain."""
    n, depths = len(taxonomy), taxonomy.min_depths
    odd, rivals = odd_synsets(taxonomy)
    chosen = rng.choice(len(odd), 25, replace=False)
    below = [taxonomy.children[taxonomy.parents == synset][:2] for synset in odd[chosen]]
    deeper = np.unique(taxonomy.children[depths[taxonomy.parents] >= depths[taxonomy.children]])
    several = np.flatnonzero(np.diff(taxonomy.parent_starts) > 2)
    instances = taxonomy.children[taxonomy.instance]
    deepest = np.argsort(-taxonomy.max_depths, kind="stable")[:20]
    broadest = np.argsort(-taxonomy.hyponym_counts, kind="stable")[:20]  # the root first
    groups = [broadest, deepest, odd[chosen], rivals[chosen], *below]
    groups += [rng.choice(group, 30, replace=False) for group in (deeper, several, instances)]
    picked = np.concatenate(groups)
    again = rng.choice(picked, 10)
    return np.concatenate([picked, again, rng.choice(n, 300 - len(picked) - len(again), replace=False)])


def random_pairs(taxonomy: Taxonomy, rng: np.random.Generator) -> IntArray:
    """20,000 pairs, half of them of neighbours in WordNet's file, which are often kin."""
    one, other = rng.integers(len(taxonomy), size=(2, 20_000))
    near = np.clip(one + rng.integers(-40, 41, size=len(one)), 0, len(taxonomy) - 1)
    return np.stack([one, np.where(np.arange(len(one)) % 2, near, other)], axis=1)


def store(folder: Path) -> None:
    """Write nltk's values: of every pair of some synsets, and of random pairs."""
    taxonomy, rng, wordnet = load_taxonomy(), np.random.default_rng(0), open_wordnet(folder)
    synsets, pairs = telling_synsets(taxonomy, rng), random_pairs(taxonomy, rng)
    values = nltk_values(wordnet, taxonomy, np.concatenate([all_pairs(synsets), pairs]))
    distinct, index = np.unique(values, return_inverse=True)
    offsets = taxonomy.offsets.astype(np.int32)
    arrays = {"synsets": offsets[synsets], "pairs": offsets[pairs], "distinct": distinct}
    np.savez_compressed(STORED, index=index.astype(np.uint16), **arrays)


@pytest.fixture(scope="module")
def stored(taxonomy: Taxonomy) -> tuple[IntArray, IntArray, FloatArray]:
    """Synsets, pairs, and nltk's values of all pairs of the synsets and then of the pairs."""
    with np.load(STORED) as arrays:
        synsets, pairs = (np.searchsorted(taxonomy.offsets, arrays[name]) for name in ("synsets", "pairs"))
        return synsets, pairs, arrays["distinct"][arrays["index"]]


def test_every_pair_of_telling_synsets_is_nltks(
    taxonomy: Taxonomy, stored: tuple[IntArray, IntArray, FloatArray]
) -> None:
    synsets, _, values = stored
    expected = values[: len(synsets) ** 2].reshape(len(synsets), -1)
    found = wup_similarities(taxonomy, synsets)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected.astype(np.float32))
    assert (found != found.T).any()
    assert (found.diagonal() < 1).any()


def test_random_pairs_are_nltks(taxonomy: Taxonomy, stored: tuple[IntArray, IntArray, FloatArray]) -> None:
    _, pairs, values = stored
    assert np.array_equal(paired(taxonomy, pairs), values[-len(pairs) :].astype(np.float32))


def test_every_stored_value_is_what_nltk_computes(
    taxonomy: Taxonomy, stored: tuple[IntArray, IntArray, FloatArray], wordnet: Any
) -> None:
    synsets, pairs, values = stored
    assert np.array_equal(nltk_values(wordnet, taxonomy, np.concatenate([all_pairs(synsets), pairs])), values)


@pytest.mark.parametrize("seed", range(3))
def test_a_little_wordnet_with_several_roots(write_wordnet: Callable[..., Path], tmp_path: Path, seed: int) -> None:
    """Any acyclic relation, with many hypernyms, names in any order, and pairs that have no common ancestor."""
    rng = np.random.default_rng(seed)
    keys = [f"{rng.choice(list('abcxyz'))}{i}" for i in range(50)]
    synsets: dict[str, Any] = {}
    for i, key in enumerate(keys):
        parents = [] if i < 3 else rng.choice(keys[max(0, i - 15) : i], min(i, rng.integers(1, 4)), replace=False)
        instances = [parent for parent in parents if rng.random() < 0.2]
        synsets[key] = ([key], [parent for parent in parents if parent not in instances], instances)
    folder = write_wordnet(**synsets)
    build_taxonomy(folder, tmp_path / "little.npz")
    taxonomy = read_taxonomy(tmp_path / "little.npz")
    wordnet, nodes = open_wordnet(folder), np.arange(len(taxonomy))
    expected = nltk_values(wordnet, taxonomy, all_pairs(nodes)).reshape(len(nodes), -1)
    found = wup_similarities(taxonomy, nodes)
    assert np.array_equal(found, expected.astype(np.float32))
    assert (found == 0).any()
    assert (found != found.T).any()


def test_rows_and_columns(taxonomy: Taxonomy, stored: tuple[IntArray, IntArray, FloatArray]) -> None:
    synsets, _, _ = stored
    rows, columns = synsets[::3], synsets[100:140]
    expected = wup_similarities(taxonomy, synsets)[::3, 100:140]
    assert np.array_equal(wup_similarities(taxonomy, rows, columns), expected)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.6, 1.0])
@pytest.mark.parametrize("cells", [1 << 20, 1000])
def test_similar_pairs(
    taxonomy: Taxonomy,
    stored: tuple[IntArray, IntArray, FloatArray],
    threshold: float,
    cells: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one block and in a hundred; 0.6 is the value of some pairs, which do not exceed it."""
    synsets, _, _ = stored
    values = wup_similarities(taxonomy, synsets)
    expected = [
        (i, j, max(values[i, j], values[j, i]))
        for i in range(len(synsets))
        for j in range(len(synsets))
        if i != j and max(values[i, j], values[j, i]) > np.float32(threshold)
    ]
    monkeypatch.setattr(compose.graphs.similarity.wup_blocks, "CELLS", cells)
    found = similar_pairs(taxonomy, synsets, np.float64(threshold))
    assert list(zip(*(part.tolist() for part in found), strict=True)) == expected


@pytest.mark.parametrize("cells", [1 << 20, 1000])
@pytest.mark.parametrize("k", [1, 7, 299])
def test_top_k(
    taxonomy: Taxonomy,
    stored: tuple[IntArray, IntArray, FloatArray],
    k: int,
    cells: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synsets, _, _ = stored
    values = wup_similarities(taxonomy, synsets)
    values = np.maximum(values, values.T)
    monkeypatch.setattr(compose.graphs.similarity.wup_blocks, "CELLS", cells)
    found, similarities = top_k(taxonomy, synsets, k)
    for i in range(len(synsets)):
        others = [j for j in range(len(synsets)) if j != i]
        best = sorted(others, key=lambda j: (-values[i, j], j))[:k]
        assert found[i].tolist() == best
        assert similarities[i].tolist() == values[i, best].tolist()


@pytest.mark.parametrize("k", [0, 4])
def test_more_neighbours_than_there_are(taxonomy: Taxonomy, k: int) -> None:
    with pytest.raises(ValueError, match=f"expected k from 1 to 3, got {k}"):
        top_k(taxonomy, np.arange(4), k)


def test_no_synsets(taxonomy: Taxonomy) -> None:
    none, two = np.array([], dtype=np.int64), np.arange(2)
    assert wup_similarities(taxonomy, none).shape == (0, 0)
    assert wup_similarities(taxonomy, none, two).shape == (0, 2)
    assert wup_similarities(taxonomy, two, none).shape == (2, 0)
    assert [len(part) for part in similar_pairs(taxonomy, none, 0.5)] == [0, 0, 0]


if __name__ == "__main__":
    store(Path(sys.argv[1]))
