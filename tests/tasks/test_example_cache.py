from __future__ import annotations

import numpy as np
import pytest
import torch

from compose.tasks import example_cache as kept
from compose.tasks.example_cache import LIMIT, ExampleCache

from .numbered import Numbered, Numbers, mixed

ROWS = np.array([17, 3, 3, 8, 0, 21, 9, 17])
UNIQUE = [0, 3, 8, 9, 17, 21]
ASKED = [[3], [17, 0, 17, 9], [21, 8, 3, 0, 9, 17], [9, 9, 9]]
SIZE = 4 + 3
"""Bytes of an example: a float32 and 3 int8 targets."""


@pytest.fixture
def examples() -> Numbers:
    return Numbered({"test": mixed({0: 10, 1: 8, 2: 6})}, (False,) * 3).split("test")


@pytest.mark.parametrize("limit", [LIMIT, 0])
@pytest.mark.parametrize("chunk", [2, 256])
def test_batches_are_those_of_the_examples(
    examples: Numbers, limit: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "CHUNK", chunk)
    found = ExampleCache(examples, ROWS, limit=limit)
    assert len(found) == len(examples)
    for indices in ASKED:
        batch, expected = found[indices], examples[indices]
        assert batch.keys() == expected.keys()
        for name, value in expected.items():
            assert torch.equal(batch[name], value)
            assert batch[name].dtype == value.dtype


@pytest.mark.parametrize("chunk", [1, 2, 256])
def test_each_picture_is_read_once(examples: Numbers, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "CHUNK", chunk)
    found = ExampleCache(examples, ROWS)
    for indices in ASKED:
        found[indices]
    assert examples._reads == UNIQUE


def test_what_is_too_much_is_read_once_for_each_batch(examples: Numbers) -> None:
    found = ExampleCache(examples, ROWS, limit=0)
    for indices in ASKED:
        examples._reads.clear()
        found[indices]
        assert examples._reads == sorted(set(indices))


@pytest.mark.parametrize(("limit", "stored"), [(SIZE * len(UNIQUE), True), (SIZE * len(UNIQUE) - 1, False)])
def test_the_limit(examples: Numbers, limit: int, stored: bool) -> None:
    found = ExampleCache(examples, ROWS, limit=limit)
    examples._reads.clear()
    found[UNIQUE]
    assert (examples._reads == []) is stored
