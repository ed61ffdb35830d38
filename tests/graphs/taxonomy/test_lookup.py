from __future__ import annotations

import pytest

from compose.graphs import MissingLabels
from compose.graphs.graph_errors import first_of
from compose.graphs.taxonomy.lookup import find_lemma, find_synset, find_synsets
from compose.graphs.taxonomy.taxonomy import Taxonomy


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("dog", "dog.n.01"),
        ("Dogs", "dog.n.01"),
        ("  dog ", "dog.n.01"),
        ("queen", "queen.n.01"),
        ("queen.n.02", "queen.n.02"),
        ("Queen.n.2", "queen.n.02"),
        ("female_monarch.n.01", "queen.n.02"),  # a synset by another of its words
        ("polar bear.n.01", "ice_bear.n.01"),
        ("n02084071", "dog.n.01"),
        ("n00001740", "entity.n.01"),
        ("polar bear", "ice_bear.n.01"),
        ("Polar-Bears", "ice_bear.n.01"),
        ("polar_bears", "ice_bear.n.01"),
        ("T-shirts", "jersey.n.03"),
        ("t shirt", "jersey.n.03"),
        ("sun flowers", "sunflower.n.01"),
        ("police officers", "policeman.n.01"),
        ("attorneys general", "attorney_general.n.01"),
        ("Jack-o'-lantern", "friar's_lantern.n.01"),
        ("men", "work_force.n.01"),  # a lemma of its own: WordNet's morphy keeps it
        ("women", "woman.n.01"),
        ("mice", "mouse.n.01"),
        ("leaves", "leaf.n.01"),
        ("wolves", "wolf.n.01"),
        ("glasses", "spectacles.n.01"),
        ("media", "medium.n.01"),
        ("quizzes", "quiz.n.01"),
        ("churches", "church.n.01"),
        ("cities", "city.n.01"),
        ("us", "united_states.n.01"),
        ("boss", "foreman.n.01"),
        ("fungi", "fungi.n.01"),
        ("cacti", "cactus.n.01"),
        ("Albert Einstein", "einstein.n.01"),
    ],
)
def test_labels(taxonomy: Taxonomy, label: str, name: str) -> None:
    synset = find_synset(taxonomy, label)
    assert synset is not None
    assert taxonomy.name(synset) == name


@pytest.mark.parametrize(
    "label", ["", " ", "kween", "is", "run.v.01", "queen.n.11", "queen.n.00", "n99999999", "_", "-"]
)
def test_what_is_no_noun(taxonomy: Taxonomy, label: str) -> None:
    assert find_synset(taxonomy, label) is None


def test_every_lemma_is_its_own_label(taxonomy: Taxonomy) -> None:
    assert all(find_lemma(taxonomy, lemma) == lemma for lemma in taxonomy.lemmas())


def test_an_explicit_synset_wins(taxonomy: Taxonomy) -> None:
    found = find_synsets(taxonomy, ["queen", "queen", "my label"], ["queen.n.08", None, "n02084071"])
    assert [taxonomy.name(synset) for synset in found] == ["queen.n.08", "queen.n.01", "dog.n.01"]


def test_all_unknown_labels_in_one_error(taxonomy: Taxonomy) -> None:
    names = ["dog", "giraf", "polarr bear", "zzzqqq", "chess queen", "verb", "id", "typo"]
    explicit = [None, None, None, None, "queen.n.99", "run.v.01", "n99999999", "dogg.n.01"]
    with pytest.raises(MissingLabels) as caught:
        find_synsets(taxonomy, names, explicit)
    assert caught.value.missing == names[1:]
    assert "giraffe" in caught.value.nearest["giraf"]
    assert caught.value.nearest["polarr bear"][0] == "polar_bear"
    assert "dog" in caught.value.nearest["typo"]
    assert "zzzqqq" not in caught.value.nearest
    assert str(caught.value).splitlines() == [
        "7 labels are not in WordNet 3.0's nouns:",
        "  `giraf` (nearest: `giraffa`, `giraffe`, `graf`)",
        "  `polarr bear` (nearest: `polar_bear`, `polar_hare`, `polar_star`)",
        "  `zzzqqq`",
        "  `chess queen`: `queen` has 10 noun senses, and no queen.n.99",
        "  `verb`: run.v.01 is no noun",
        "  `id`: no noun has the WordNet id n99999999",
        "  `typo`: there is no synset dogg.n.01 (nearest: `doggy`, `dog`, `doggie`)",
        "Rename the label, or give its synset (such as queen.n.02, or a WordNet id such as n02084071).",
    ]


def test_thousands_of_unknown_labels_are_told_at_once(taxonomy: Taxonomy) -> None:
    names = [f"xq{i}" for i in range(3000)]
    with pytest.raises(MissingLabels) as caught:
        find_synsets(taxonomy, names)
    assert caught.value.missing == names
    assert "and 2,990 more" in str(caught.value)


def test_of_many_missing_labels_the_first_ten_are_named() -> None:
    told = str(MissingLabels("the nouns", [f"l{number}" for number in range(1012)])).splitlines()
    assert (told[0], told[1], told[10]) == ("1,012 labels are not in the nouns:", "  `l0`", "  `l9`")
    assert told[11:] == ["  and 1,002 more"]
    assert first_of(list("abcdefghij")) == "a, b, c, d, e, f, g, h, i, j"
    assert first_of(list("abcdefghijkl")) == "a, b, c, d, e, f, g, h, i, j and 2 more"
