from __future__ import annotations

import pytest

from compose.graphs.vectors.number_fields import is_number, trailing_numbers


@pytest.mark.parametrize("text", ["1", "-2.5e3", b"0.1", "nan", b"inf"])
def test_numbers(text: str | bytes) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "a", b"1x", "1,5"])
def test_no_numbers(text: str | bytes) -> None:
    assert not is_number(text)


@pytest.mark.parametrize(
    ("line", "count"), [("cat 1 2 3", 3), ("area 51 1 2", 3), ("sea cow 1 2", 2), ("7 1 2", 2), ("cat", 0), ("", 0)]
)
def test_the_numbers_at_the_end_of_a_line(line: str, count: int) -> None:
    assert trailing_numbers(line.split()) == trailing_numbers(line.encode().split()) == count
