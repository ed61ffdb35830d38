from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from compose.block import BlockError
from compose.graphs import MissingLabels
from compose.graphs.taxonomy.build_taxonomy import build_taxonomy
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy
from compose.graphs.vectors.wordnet_vectors import WordnetVectors, directions, synset_vectors

NAMES = ["dog", "cat", "polar bear", "airplane", "queen", "entity", "physical entity"]
NONE = [None] * len(NAMES)
KNOWN = [
    [0.00021662, 0.11093997, -0.43423906, 0.43258905, -0.07581212, 0.52507699, 0.54435909, -0.18497369],
    [0.00041678, 0.21345316, -0.58697182, -0.21367611, 0.65336949, -0.32914248, 0.16907755, -0.02074964],
]


def share(taxonomy: Taxonomy, one: int, other: int) -> float:
    """What the cosine stands for: the share of common ancestors, weighted by information; written out."""

    def above(synset: int) -> Iterator[int]:
        yield synset
        for parent in taxonomy.hypernyms(synset):
            yield from above(parent)

    def total(synsets: set[int]) -> float:
        return float(sum(taxonomy.information[synset] for synset in synsets))

    ours, theirs = set(above(one)), set(above(other))
    return total(ours & theirs) / (total(ours) * total(theirs)) ** 0.5


def pairs(taxonomy: Taxonomy, count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(len(taxonomy), size=(count, 2))


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 50, 300, 1000])
def test_unit_float32_vectors_of_any_size(dim: int) -> None:
    vectors = WordnetVectors(dim=dim)
    found = vectors(NAMES, NONE)
    assert vectors.dim == dim
    assert found.shape == (len(NAMES), dim)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.norm(dim=1), torch.ones(len(NAMES)))


def test_known_values() -> None:
    """The same on every machine and in every version: a model is trained on these numbers."""
    found = WordnetVectors(dim=8)(["dog", "queen"], [None, "queen.n.02"])
    expected = torch.tensor(KNOWN)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-7)


def test_a_vector_does_not_depend_on_the_others(taxonomy: Taxonomy) -> None:
    synsets = np.random.default_rng(1).permutation(len(taxonomy))[:3000]
    together = synset_vectors(taxonomy, synsets, 64)
    for i in range(0, 3000, 97):
        assert np.array_equal(together[i], synset_vectors(taxonomy, synsets[i : i + 1], 64)[0])
    assert np.array_equal(together[::-1], synset_vectors(taxonomy, synsets[::-1], 64))


def test_the_sum_written_out(taxonomy: Taxonomy) -> None:
    for synset in find_synsets(taxonomy, NAMES).tolist():
        _, ancestors = taxonomy.closure(np.array([synset]))
        expected = sum(taxonomy.information[a] ** 0.5 * directions(taxonomy, np.array([a]), 32)[0] for a in ancestors)
        expected = expected / np.linalg.norm(expected)
        np.testing.assert_allclose(synset_vectors(taxonomy, np.array([synset]), 32)[0], expected, atol=1e-6)


def test_every_direction_is_a_unit_vector(taxonomy: Taxonomy) -> None:
    for dim in (1, 7, 300):
        norms = np.linalg.norm(directions(taxonomy, np.arange(0, len(taxonomy), 7), dim), axis=1)
        np.testing.assert_allclose(norms, 1)


@pytest.mark.parametrize(("dim", "noise"), [(100, 0.1), (300, 0.05), (1000, 0.022)])
def test_the_cosine_is_the_share_of_common_hypernyms(taxonomy: Taxonomy, dim: int, noise: float) -> None:
    chosen = pairs(taxonomy, 500)
    vectors = synset_vectors(taxonomy, chosen.ravel(), dim).reshape(500, 2, dim)
    cosine = (vectors[:, 0] * vectors[:, 1]).sum(1)
    expected = np.array([share(taxonomy, one, other) for one, other in chosen.tolist()])
    assert np.sqrt(np.mean((cosine - expected) ** 2)) < noise


def test_kin_are_closer_than_strangers() -> None:
    dog, cat, _, airplane, *_ = WordnetVectors()(NAMES, NONE)
    wolf, dogs = WordnetVectors()(["wolf", "dogs"], [None, None])
    assert dog @ wolf > dog @ cat > dog @ airplane
    assert torch.equal(dog, dogs)


def test_different_synsets_have_different_vectors(taxonomy: Taxonomy) -> None:
    vectors = synset_vectors(taxonomy, np.arange(0, len(taxonomy), 3), 16)
    assert len(np.unique(vectors, axis=0)) == len(vectors)


def test_no_labels() -> None:
    assert WordnetVectors(dim=5)([], []).shape == (0, 5)


def test_unknown_labels() -> None:
    with pytest.raises(MissingLabels) as caught:
        WordnetVectors()(["dog", "giraf", "zzzqqq"], [None] * 3)
    assert caught.value.missing == ["giraf", "zzzqqq"]


@pytest.mark.parametrize("dim", [0, -1, 1001])
def test_a_size_out_of_range(dim: int) -> None:
    with pytest.raises(BlockError, match=f"expected a size from 1 to 1000, got {dim}") as caught:
        WordnetVectors(dim=dim)
    assert caught.value.parameter == "dim"


def test_another_wordnet(write_wordnet: Callable[..., Path], tmp_path: Path) -> None:
    pytest.importorskip("nltk")
    build_taxonomy(write_wordnet(), tmp_path / "little.npz")
    vectors = WordnetVectors(dim=20, taxonomy=tmp_path / "little.npz")
    assert vectors(["mice", "pet"], [None, None]).shape == (2, 20)
    with pytest.raises(MissingLabels, match=r"1 label is not in WordNet 9\.9's nouns"):
        vectors(["dog"], [None])


def test_the_labels_of_the_embedded_scenes_have_vectors() -> None:
    table = Path(__file__).parents[3] / "compose" / "data" / "drawn" / "glyph_labels.tsv"
    if not table.is_file():
        pytest.skip("no table of glyph labels")
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines(), delimiter="\t"))
    found = WordnetVectors()([row["label"] for row in rows], [row["synset"] for row in rows])
    assert len(torch.unique(found, dim=0)) == len(rows)
