from __future__ import annotations

import pytest

from compose.labels.plural import same_nouns


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("car", "cars"),
        ("bus", "buses"),
        ("box", "boxes"),
        ("beach", "beaches"),
        ("potato", "potatoes"),
        ("city", "cities"),
        ("leaf", "leaves"),
        ("knife", "knives"),
        ("roof", "roofs"),
        ("woman", "women"),
        ("person", "people"),
        ("child", "children"),
        ("goose", "geese"),
        ("cactus", "cacti"),
        ("polar bear", "Polar_Bears"),
        ("fire-truck", "fire trucks"),
        ("Sky", "sky"),
    ],
)
def test_singular_and_plural_are_the_same_noun(one: str, other: str) -> None:
    assert same_nouns([one, "stone"], [other]) == [one]
    assert same_nouns([other, "stone"], [one]) == [other]


@pytest.mark.parametrize(("one", "other"), [("cat", "catch"), ("bear", "beard"), ("sun", "sunset"), ("tree", "three")])
def test_other_nouns_are_not(one: str, other: str) -> None:
    assert same_nouns([one], [other]) == same_nouns([other], [one]) == []
