from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.resources import files

import numpy as np

from compose.graphs.taxonomy.ancestors import closure, hyponym_counts
from compose.graphs.taxonomy.morphology import morphy
from compose.graphs.taxonomy.taxonomy import EMBEDDED, Taxonomy, load_taxonomy


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sense(taxonomy: Taxonomy, lemma: str, number: int = 1) -> int:
    synset = taxonomy.sense(lemma, number)
    assert synset is not None
    return synset


def test_it_is_small_and_has_its_licence() -> None:
    assert len((files("compose.graphs.taxonomy") / EMBEDDED).read_bytes()) <= 3_000_000
    notice = (files("compose.graphs") / "WORDNET_LICENSE.txt").read_text("utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in notice


def test_it_is_read_once() -> None:
    assert load_taxonomy() is load_taxonomy()


def test_counts(taxonomy: Taxonomy) -> None:
    assert taxonomy.version == "3.0"
    assert len(taxonomy) == 82_115
    assert len(list(taxonomy.lemmas())) == 117_798
    assert len(taxonomy.words) == 146_347
    assert (~taxonomy.instance).sum() + taxonomy.instance.sum() == len(taxonomy.parents) == 84_427


# The digests are those of nltk's answers over the whole of WordNet 3.0; test_against_nltk.py asks nltk itself.


def test_every_sense_of_every_lemma_is_nltks(taxonomy: Taxonomy) -> None:
    def line(lemma: str) -> str:
        senses = [taxonomy.sense(lemma, number) for number in range(1, taxonomy.sense_count(lemma) + 1)]
        return f"{lemma} {' '.join(taxonomy.name(synset) for synset in senses if synset is not None)}"

    expected = "65d7de5941ab5e7d5772b3076e1cc5435f95c14d53c522c213a2d9a567efb68b"
    assert _digest(map(line, sorted(taxonomy.lemmas()))) == expected


def test_every_offset_name_and_word_is_nltks(taxonomy: Taxonomy) -> None:
    lines = (
        f"{taxonomy.wordnet_id(i)[1:]} {taxonomy.name(i)} {' '.join(taxonomy.synset_words(i))}"
        for i in range(len(taxonomy))
    )
    assert _digest(lines) == "1ffa1a122ea24b70228837f3a7ec8b8027e055cd3a8d4c250a5f6ba64d473cb3"


def test_every_hypernym_is_nltks(taxonomy: Taxonomy) -> None:
    names = [taxonomy.name(i) for i in range(len(taxonomy))]
    starts, instance = taxonomy.parent_starts.tolist(), taxonomy.instance.tolist()

    def line(i: int) -> str:
        edges = range(starts[i], starts[i + 1])
        kinds = [
            sorted(names[taxonomy.parents[edge]] for edge in edges if instance[edge] is kind) for kind in (False, True)
        ]
        return f"{names[i]} {' '.join(kinds[0])} | {' '.join(kinds[1])}"

    expected = "1efda9c71837920ea8595e8743dc42edd270da7d4b7fe071534eef616d15de0b"
    assert _digest(map(line, range(len(taxonomy)))) == expected


def test_every_longest_path_is_nltks(taxonomy: Taxonomy) -> None:
    lines = (f"{taxonomy.name(i)} {depth}" for i, depth in enumerate(taxonomy.max_depths.tolist()))
    assert _digest(lines) == "7e779b8c5e01f7671f6785d875ffff826eb40f2b3772a556d5841cc03c763a99"


def test_a_quarter_of_a_million_plurals_are_nltks(taxonomy: Taxonomy) -> None:
    lemmas = sorted(taxonomy.lemmas())
    forms = [lemma + ending for lemma in lemmas for ending in ("s", "es")]
    for old, new in (("y", "ies"), ("man", "men"), ("f", "ves")):
        forms += [lemma.removesuffix(old) + new for lemma in lemmas if lemma.endswith(old)]
    forms += sorted(taxonomy.exceptions)
    found = (f"{form} {morphy(form, taxonomy.is_lemma, taxonomy.exceptions)}" for form in forms)
    assert _digest(found) == "eb510ca1a804fdc4965dbe25270349aaf3337411a4f888524e62e04109d7588a"


def test_words_keep_their_case(taxonomy: Taxonomy) -> None:
    assert taxonomy.synset_words(_sense(taxonomy, "paris")) == [
        "Paris",
        "City_of_Light",
        "French_capital",
        "capital_of_France",
    ]


def test_instance_hypernyms_are_told_apart(taxonomy: Taxonomy) -> None:
    mars = _sense(taxonomy, "mars")
    edges = slice(taxonomy.parent_starts[mars], taxonomy.parent_starts[mars + 1])
    assert {taxonomy.name(parent) for parent in taxonomy.hypernyms(mars)} == {
        "terrestrial_planet.n.01",
        "superior_planet.n.01",
    }
    assert taxonomy.instance[edges].all()


def test_senses_that_do_not_exist(taxonomy: Taxonomy) -> None:
    assert taxonomy.sense_count("queen") == 10
    assert taxonomy.sense("queen", 11) is taxonomy.sense("queen", 0) is taxonomy.sense("kween") is None
    assert taxonomy.from_wordnet_id("n00000000") is taxonomy.from_wordnet_id("n99999999") is None


def test_the_closure_is_the_set_of_all_ancestors(taxonomy: Taxonomy) -> None:
    synsets = np.random.default_rng(0).integers(len(taxonomy), size=300)

    def above(synset: int) -> set[int]:
        return {synset}.union(*(above(parent) for parent in taxonomy.hypernyms(synset)))

    positions, ancestors = taxonomy.closure(synsets)
    for i, synset in enumerate(synsets.tolist()):
        assert ancestors[positions == i].tolist() == sorted(above(synset))


def test_the_shortest_ways_up(taxonomy: Taxonomy) -> None:
    synsets = np.random.default_rng(1).integers(len(taxonomy), size=300)

    def above(synset: int) -> dict[int, int]:
        found = {synset: 0}
        for parent in taxonomy.hypernyms(synset):
            for ancestor, distance in above(parent).items():
                found[ancestor] = min(found.get(ancestor, distance + 1), distance + 1)
        return found

    positions, ancestors, up = taxonomy.distances(synsets)
    root = taxonomy.sense("entity")
    for i, synset in enumerate(synsets.tolist()):
        expected = above(synset)
        assert dict(zip(ancestors[positions == i].tolist(), up[positions == i].tolist(), strict=True)) == expected
        assert taxonomy.min_depths[synset] == expected[root]


def test_the_closure_of_nothing_is_empty(taxonomy: Taxonomy) -> None:
    positions, ancestors = taxonomy.closure(np.array([], dtype=np.int64))
    assert len(positions) == len(ancestors) == 0


def test_hyponyms_are_counted_once() -> None:
    # 0 is the root of a diamond 1, 2 over 3, and 3 has a leaf 4; 5 stands under 2 and 3.
    starts, parents = np.array([0, 0, 1, 2, 4, 5, 7]), np.array([0, 0, 1, 2, 3, 2, 3])
    assert hyponym_counts(starts, parents).tolist() == [5, 3, 3, 2, 0, 0]
    _, ancestors = closure(starts, parents, np.arange(6))
    assert (np.bincount(ancestors) - 1).tolist() == [5, 3, 3, 2, 0, 0]


def test_information_grows_downwards(taxonomy: Taxonomy) -> None:
    information = taxonomy.information
    children = np.repeat(np.arange(len(taxonomy)), np.diff(taxonomy.parent_starts))
    assert (information[children] > information[taxonomy.parents]).all()
    assert 0 < information.min() < 1e-6
    assert information[taxonomy.sense("entity")] == information.min()
    assert information.max() == 1
