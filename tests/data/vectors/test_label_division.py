from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from compose.block import BlockError
from compose.data.vectors.label_division import LabelDivision, divide_labels

FORM = '{"train": [...], "val": [...], "test": [...]}'
NAMES = [f"tag{i}" for i in range(20)]


def divide(parts: Any, *, drop: Any = (), seed: int = 0, others: Any = None) -> LabelDivision:
    return divide_labels(NAMES, drop=drop, parts=parts, seed=seed, others=others)


def of(division: LabelDivision, split: Any) -> list[str]:
    return [division.names[column] for column in division.columns(split)]


def refusal(parts: Any, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        divide(parts, **options)
    return error.value.parameter, str(error.value)


def test_counts() -> None:
    division = divide({"train": 12, "val": 3, "test": 5})
    parts = [of(division, split) for split in ("train", "val", "test")]
    assert [len(part) for part in parts] == [12, 3, 5]
    assert sorted(chain.from_iterable(parts)) == sorted(NAMES)
    assert division.names == tuple(NAMES)
    assert division.left_out == 0
    table = division.table()
    assert [name for name, seen in zip(table.names, table.seen, strict=True) if seen] == parts[0]


def test_the_seed_draws() -> None:
    drawn = [of(divide({"val": 3, "test": 5}, seed=seed), "test") for seed in (0, 0, 1, 2)]
    assert drawn[0] == drawn[1]
    assert len({tuple(each) for each in drawn}) == 3


def test_labels_of_no_split_are_left_out() -> None:
    division = divide({"train": 6, "test": 4}, drop=["tag0", "tag19"])
    assert (len(division.names), division.left_out) == (10, 8)
    assert not {"tag0", "tag19"} & set(division.names)
    assert [NAMES[place] for place in division.places] == list(division.names)


def test_train_has_what_is_left() -> None:
    division = divide({"val": ["tag3"], "test": 4})
    assert len(of(division, "train")) == 15
    assert of(division, "val") == ["tag3"]


def test_names_are_taken_before_others_are_drawn() -> None:
    for seed in range(8):
        division = divide({"train": 17, "test": ["tag5", "tag1"], "val": 1}, seed=seed)
        assert of(division, "test") == ["tag1", "tag5"]


def test_a_file(tmp_path: Path) -> None:
    listed = {"train": ["tag2", "tag1"], "val": ["tag4"], "test": ["the third"]}
    (tmp_path / "split.json").write_text(json.dumps(listed))
    division = divide(tmp_path / "split.json", others={"the third": "tag3"})
    assert division.names == ("tag1", "tag2", "tag3", "tag4")
    assert division.splits == ("train", "train", "test", "val")
    (tmp_path / "split.json").write_text('{"val": 3, "test": 5}')
    assert divide(tmp_path / "split.json").names == tuple(NAMES)


@pytest.mark.parametrize("outer", ["{}", '{{"split": {}}}'])
def test_what_is_all_under_split(tmp_path: Path, outer: str) -> None:
    (tmp_path / "split.json").write_text(outer.format('{"train": ["tag2"], "test": ["tag1"]}'))
    assert divide(tmp_path / "split.json").splits == ("test", "train")


@pytest.mark.parametrize("ending", ["yaml", "yml", "YAML"])
def test_yaml(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"split.{ending}"
    path.write_text("split:\n  train:\n  - 2007\n  - no\n  test: [null]\n")
    division = divide(path, others={"2007": "tag7", "no": "tag0", "null": "tag1"})
    assert (division.names, division.splits) == (("tag0", "tag1", "tag7"), ("train", "test", "train"))
    path.write_text("{val: 3, test: 5}")
    assert divide(path).splits == divide({"val": 3, "test": 5}).splits


def test_a_file_of_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "split.json").write_text('{"train": 5}')
    assert len(divide(Path("~/split.json")).names) == 5


@pytest.mark.parametrize("as_file", [False, True])
def test_dropped_labels_are_left_out_of_the_splits_that_name_them(tmp_path: Path, as_file: bool) -> None:
    parts: Any = {"train": ["tag2", "tag9", "first"], "test": ["tag3", "tag0"]}
    if as_file:
        (tmp_path / "split.json").write_text(json.dumps(parts))
        parts = tmp_path / "split.json"
    division = divide(parts, drop=["tag9", "tag0", "tag8"], others={"first": "tag1"})
    assert division.names == ("tag1", "tag2", "tag3")
    assert division.overruled == ("tag0", "tag9")
    assert division.left_out == 14
    assert divide({"test": 3}, drop=["tag9"]).overruled == ()


def test_undivided() -> None:
    division = divide(None, drop=["tag7"])
    assert all(division.table().seen)
    assert len(division.columns("train")) == len(division.columns("test")) == 19


def test_synsets_stay_with_their_labels() -> None:
    division = divide({"train": 3, "test": 4})
    synsets = division.table([name.upper() for name in NAMES]).synsets
    assert synsets == tuple(name.upper() for name in division.names)


@pytest.mark.parametrize(
    ("parts", "parameter", "message"),
    [
        ({"train": 12, "val": 4, "test": 5}, "split", "expected at most 20 labels, got 12 + 4 + 5"),
        (
            {"train": 19, "test": ["tag1", "tag2"]},
            "split",
            "expected at most 18 labels besides the 2 that are named, got 19",
        ),
        ({"test": 21}, "split", "expected at most 20 labels, got 21"),
        ({"train": 0, "test": 5}, "split", "expected labels to train on, but `train` has none"),
        ({"test": 20}, "split", "expected labels to train on, but `train` has none"),
        ({"test": ["tag21"]}, "split.test", "no such label among 20: `tag21` (did you mean `tag2`?)"),
        ({"test": ["tag1", "tag1"]}, "split.test", "`tag1` occurs twice"),
        ({"train": ["tag1"], "val": ["tag1"]}, "split.val", "`tag1` is in `train` already"),
        (
            {"test": [f"w{i}" for i in range(7)]},
            "split.test",
            "no such label among 20: `w0`; `w1`; `w2`; `w3`; `w4` and 2 more",
        ),
    ],
)
def test_refused(parts: Any, parameter: str, message: str) -> None:
    assert refusal(parts) == (parameter, message)


def test_refused_labels_to_drop() -> None:
    assert refusal(None, drop=["diseño"]) == ("drop", "no such label among 20: `diseño`")
    assert refusal({"train": ["tag1"], "test": 1}, drop=["tag1"])[0] == "split"


def test_a_name_in_the_data_is_meant() -> None:
    message = "no such label among 20: `TAG_one` (did you mean `TAG_ones`?)"
    assert refusal({"test": ["TAG_one"]}, others={"TAG_ones": "tag1"}) == ("split.test", message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"train": ["tag1"], "test": ["tga2"]}', "`test`: no such label among 20: `tga2` (did you mean `tag2`?)"),
        ('{"train": 16, "test": 5}', "expected at most 20 labels, got 16 + 5"),
        ('{"train": ["tag1"],\n "test": }', "line 2: expected JSON (Expecting value)"),
        ('{"train": ["tag1"], "val": ["tag1"]}', "`val`: `tag1` is in `train` already"),
        ('{"train": 4, "vall": 4}', "expected `train`, `val`, `test`, got `vall`"),
        ('{"train": [0, 1, 2]}', "`train`: expected names of labels, got `0`"),
        ('{"train": [["tag1"]]}', "`train`: expected names of labels, got a list"),
        ('{"train": true}', "`train`: expected a list of labels, or how many, got `true`"),
        ('{"train": -1}', "`train`: expected a list of labels, or how many, got `-1`"),
        ('{"train": 4, "val": null}', "`val`: expected a list of labels, or how many, got nothing"),
        ('{"split": {"train": {}}}', "`train`: expected a list of labels, or how many, got a mapping"),
        ('["tag1"]', f"expected {FORM} of lists of labels, or of how many, got a list"),
        ("", "line 1: expected JSON (Expecting value)"),
    ],
)
def test_refused_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "split.json"
    path.write_text(text)
    assert refusal(path) == ("split", f"{path}: {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train: [tag1\ntest: [tag2]\n", "line 2: expected YAML ("),
        ("train: \x00", "expected YAML ("),
        ("train: 4\nval:\n", "`val`: expected a list of labels, or how many, got nothing"),
    ],
)
def test_refused_yaml(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "split.yaml"
    path.write_text(text)
    parameter, found = refusal(path)
    assert (parameter, found.startswith(f"{path}: {message}")) == ("split", True), found


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    assert refusal(path) == ("split", f"{path}: cannot be read (No such file or directory)")
    path.write_bytes(b'{"train": ["dise\xf1o"]}')
    assert refusal(path) == ("split", f"{path}: expected UTF-8")
