"""The embedded taxonomy against nltk itself, where the user has nltk's WordNet 3.0."""

from __future__ import annotations

from typing import Any

import numpy as np

from compose.graphs.taxonomy.lookup import find_lemma, find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy


def test_lemmas_and_senses(taxonomy: Taxonomy, wordnet: Any) -> None:
    lemmas = set(wordnet.all_lemma_names("n"))
    assert set(taxonomy.lemmas()) == lemmas
    for lemma in np.random.default_rng(0).choice(sorted(lemmas), 3000).tolist():
        senses = [taxonomy.sense(lemma, i + 1) for i in range(taxonomy.sense_count(lemma))]
        synsets = dict.fromkeys(wordnet.synsets(lemma, "n"))  # those of other forms of the lemma too
        expected = [s.name() for s in synsets if lemma in (word.lower() for word in s.lemma_names())]
        assert [taxonomy.name(synset) for synset in senses if synset is not None] == expected


def test_hypernyms(taxonomy: Taxonomy, wordnet: Any) -> None:
    for i in np.random.default_rng(1).integers(len(taxonomy), size=3000).tolist():
        synset = wordnet.synset_from_pos_and_offset("n", int(taxonomy.offsets[i]))
        assert taxonomy.name(i) == synset.name()
        assert taxonomy.synset_words(i) == synset.lemma_names()
        parents = sorted(s.name() for s in synset.hypernyms() + synset.instance_hypernyms())
        assert sorted(taxonomy.name(parent) for parent in taxonomy.hypernyms(i)) == parents
        assert taxonomy.max_depths[i] == synset.max_depth()


def test_plurals(taxonomy: Taxonomy, wordnet: Any) -> None:
    lemmas = np.random.default_rng(2).choice(sorted(taxonomy.lemmas()), 3000).tolist()
    for form in [lemma + ending for lemma in lemmas for ending in ("s", "es", "men")] + sorted(taxonomy.exceptions):
        expected = wordnet.morphy(form, "n")
        if expected is not None:
            assert find_lemma(taxonomy, form) == expected
            synset = find_synset(taxonomy, form)
            assert synset is not None
            assert taxonomy.name(synset) == wordnet.synsets(form, "n")[0].name()
