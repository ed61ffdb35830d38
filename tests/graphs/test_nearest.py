from __future__ import annotations

import numpy as np
import pytest

from compose.graphs.nearest import CLOSE, START, Nearest, likeness
from compose.graphs.taxonomy.taxonomy import Taxonomy


@pytest.mark.parametrize("query", ["giraf", "elefant", "polar bare", "accordian", "Chimpanze", "motor-cicle"])
def test_it_finds_what_comparing_with_every_name_finds(taxonomy: Taxonomy, query: str) -> None:
    meant = {"giraffe", "elephant", "polar_bear", "accordion", "chimpanzee", "motorcycle"}
    names = meant.union(np.random.default_rng(0).choice(sorted(taxonomy.lemmas()), 5000).tolist())
    found = Nearest(sorted(names))(query)
    best = sorted((score for name in names if (score := likeness(name, query)) >= CLOSE), reverse=True)
    assert [likeness(name, query) for name in found] == best[:3]
    assert found[0] in meant


def test_nothing_is_close() -> None:
    assert Nearest(["apple", "pear"])("zzz") == []


def test_no_names_and_no_letters() -> None:
    assert Nearest([])("apple") == []
    assert Nearest(["apple", "", "日本"])("") == []
    assert Nearest(["apple", "naïve"])("naive") == ["naïve"]


def test_the_first_letters_count_from_the_least_likeness_on():
    one, other = "a" * 33 + "b" * 17, "a" * 33 + "c" * 17
    assert likeness(one, other) == pytest.approx(CLOSE + 4 * START)
    assert likeness(one + "b", other + "c") == pytest.approx(66 / 102)
