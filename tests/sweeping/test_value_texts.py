"""Which commas part values."""

from __future__ import annotations

import pytest

from compose.sweeping.value_texts import value_texts


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,3", ["1", "2", "3"]),
        ("1, 2", ["1", "2"]),
        ("[1,2]", ["[1,2]"]),
        ("[1,2],[3]", ["[1,2]", "[3]"]),
        ("{a: 1, b: [2, 3]},null", ["{a: 1, b: [2, 3]}", "null"]),
        ('"a,b",c', ['"a,b"', "c"]),
        (r'"a\",b",c', [r'"a\",b"', "c"]),
        ("['a]', b],c", ["['a]', b]", "c"]),
        ("it's,so", ["it's", "so"]),
        ("", [""]),
        ("a,", ["a", ""]),
    ],
)
def test_values(text: str, values: list[str]) -> None:
    assert value_texts(text) == values
