"""Which modules give the labels' scores: numbers and the table."""

from __future__ import annotations

import csv
import io

import pytest
import torch

from compose.drawing.usage.usage_table import usage_table, usages

COUNTS = torch.tensor([[0, 7, 3], [9, 1, 0], [0, 0, 0], [2, 8, 0], [5, 5, 0]])
NAMES = ["zebra", "dog", "nothing", "ant & <bee>", "Cat"]
SEEN = [True, False, True, True, True]


def test_labels_by_main_module_and_name() -> None:
    found = usages(COUNTS, NAMES, SEEN)
    assert [(usage.name, usage.main) for usage in found] == [
        ("Cat", 0),
        ("dog", 0),
        ("ant & <bee>", 1),
        ("zebra", 1),
        ("nothing", None),
    ]
    assert found[1].counts == (9, 1, 0)
    assert not found[1].seen


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="expected counts, names and seen of the same labels, got 5, 4, 5"):
        usages(COUNTS, NAMES[:4], SEEN)


def test_table() -> None:
    rows = list(csv.DictReader(io.StringIO(usage_table(COUNTS, [*NAMES[:4], 'a "b", c'], SEEN))))
    assert [row["label"] for row in rows] == ['a "b", c', "dog", "ant & <bee>", "zebra", "nothing"]
    assert rows[1] == {
        "label": "dog", "seen": "false", "main_module": "0", "module_0": "9", "module_1": "1", "module_2": "0",
    }  # fmt: skip
    assert rows[-1]["main_module"] == ""
