"""Names that are plain file names."""

import re

import pytest

from compose.spec.layers.plain_name import LONGEST, PLAIN_NAME, joined_name, plain_name


@pytest.mark.parametrize("text", ["ml2p", "_x", "2024", "a.b+c-d", "console", "con-x", "x" * 100])
def test_a_plain_name_stays(text: str) -> None:
    assert plain_name(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a b/c", "a-b-c"),
        ("../x", "x"),
        (".hidden", "hidden"),
        ("ends.", "ends"),
        ("(ML)²P", "ML-P"),
        ("", "model"),
        ("///", "model"),
        ("con", "_con"),
        ("nul.txt", "_nul.txt"),
        ("x" * 120, "x" * 100),
        ("x" * 99 + "-y", "x" * 99),
    ],
)
def test_anything_else_becomes_one(text: str, name: str) -> None:
    assert plain_name(text) == name
    assert re.fullmatch(PLAIN_NAME, name)


def test_long_names_that_are_joined_are_told_apart_by_a_hash() -> None:
    assert joined_name(["ml2p", "no pyramid"]) == "ml2p-no-pyramid"
    assert joined_name(["x" * 100, "y" * 49]) == "x" * 100 + "-" + "y" * 49
    one, other = joined_name(["x" * 100, "y" * 50]), joined_name(["x" * 100, "y" * 49 + "z"])
    assert len(one) == len(other) == LONGEST
    assert one[:-12] == other[:-12]
    assert one != other
