"""What is otherwise with a run's data, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compose.data.source import LabelTable
from compose.training.storage.data_record import DataRecord, as_json

RECORD = DataRecord(
    labels=("cat", "dog", "wolf"),
    seen=(True, True, False),
    synsets=(None, None, None),
    trained=("cat", "dog"),
    examples={"train": 1200, "val": 3},
    content="a",
    vectors="v",
)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({"cat": True, "dog": True, "wolf": False}, []),
        ({"wolf": False, "dog": True, "cat": True}, []),
        ({"cat": True, "dog": True, "wolf": False, "fox": True}, ["1 label is new (fox)"]),
        ({"cat": True, "wolf": False}, ["1 label is gone (dog)"]),
        ({"dog": True, "cat": True}, ["1 label is gone (wolf)"]),
        ({"cat": True, "dog": True, "wolf": True}, ["1 label is now seen (wolf)"]),
        ({"cat": False, "dog": False, "wolf": False}, ["2 labels are now unseen (cat, dog)"]),
        ({"fox": True, "dog": False}, ["1 label is new (fox)", "2 labels are gone (cat, wolf)"]),
    ],
)
def test_labels_that_differ(seen: dict[str, bool], told: list[str]) -> None:
    """A new label is not told as now seen too, nor one that is gone as now unseen."""
    table = LabelTable(tuple(seen), tuple(seen.values()), (None,) * len(seen))
    found = RECORD.label_differences(table)
    unseen = ["1 label is now unseen (dog)"] if "dog" in seen and not seen["dog"] and "fox" in seen else []
    assert found == [*told, *unseen]


def test_examples_that_differ() -> None:
    now = replace(RECORD, examples={"train": 1300, "test": 2})
    assert now.differences(RECORD) == [
        "train has 1,300 examples, and had 1,200",
        "val has 0 examples, and had 3",
        "test has 2 examples, and had 0",
    ]


def test_content_that_differs_is_told_where_nothing_else_does() -> None:
    told = "what the examples show, or their labels, is no longer the same"
    assert replace(RECORD, content="b").differences(RECORD) == [told]
    assert RECORD.differences(RECORD) == []
    assert told not in replace(RECORD, content="b", examples={"train": 1}).differences(RECORD)


def test_a_record_is_read_back_and_what_is_no_record_is_none(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    assert DataRecord.read(path) is None
    for text in ("", "{", "[]", '{"labels": []}'):
        path.write_text(text, "utf-8")
        assert DataRecord.read(path) is None
    path.write_text(RECORD.text, "utf-8")
    assert DataRecord.read(path) == RECORD


def test_what_a_checkpoint_keeps_does_not_depend_on_what_was_trained() -> None:
    other = replace(RECORD, trained=())
    assert as_json(RECORD) == as_json(other) == {"digest": RECORD.digest, "vectors": "v", "external": []}
    assert replace(RECORD, content="b").digest != RECORD.digest
    assert as_json(None) == {}


def test_what_was_trained_before_is_trained_still() -> None:
    now = replace(RECORD, trained=("wolf", "dog"))
    assert now.after(RECORD).trained == ("cat", "dog", "wolf")
