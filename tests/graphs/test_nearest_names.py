"""How many near names are told."""

from __future__ import annotations

from compose.graphs.nearest import Nearest

NAMES = ("dogs", "doge", "dogma", "doggy", "dog_house", "cat")


def test_three_where_no_number_is_asked_for() -> None:
    nearest = Nearest(NAMES)
    assert len(nearest("dog")) == 3
    assert len(nearest("dog", count=4)) == 4
    assert nearest("dog", count=1) == nearest("dog")[:1]
    assert nearest("zebra") == []
