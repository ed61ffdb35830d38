"""What messages have in common."""

from __future__ import annotations

from compose.errors import listed, nearest


def test_long_lists_are_cut_and_counted() -> None:
    assert listed([]) == ""
    assert listed(["a", "b"], show="`{}`".format) == "`a`, `b`"
    assert listed("abcdef") == "a, b, c, d, e and 1 more"
    assert listed(range(2000), most=2, between="; ") == "0; 1 and 1,998 more"


def test_only_what_is_listed_becomes_text() -> None:
    shown: list[int] = []
    listed([1, 2, 3], show=lambda number: shown.append(number) or "", most=2)  # type: ignore[func-returns-value]
    assert shown == [1, 2]


def test_the_nearest_name_forgives_case_and_hyphens() -> None:
    assert nearest("Label-Name", ["image", "label_name"]) == "label_name"
    assert nearest("xyz", ["image", "label_name"]) is None
