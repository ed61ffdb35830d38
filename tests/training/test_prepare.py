"""A spec with all that it names made."""

from __future__ import annotations

import pytest

from compose import load


@pytest.mark.parametrize(("text", "seed"), [("7", 7), ("3.0", 3), ("1e3", 1000), ("9e15", 9 * 10**15), ("0x10", 16)])
def test_a_whole_number_is_a_seed_however_it_is_written(text: str, seed: int) -> None:
    found = load("zoo/starter.yaml", overrides=[f"seed={text}"]).seed
    assert (found, type(found)) == (seed, int)
