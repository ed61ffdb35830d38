from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from compose.block import BlockError
from compose.data.label_list import read_label_list
from compose.data.pictures.annotations import Annotations
from compose.data.pictures.labels.label_file import LabelReading, read_label_file
from compose.data.source import DataError


def read(
    tmp_path: Path, text: str | bytes, name: str = "l.csv", how: LabelReading | None = None, **meaning: str
) -> Annotations:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    annotations = Annotations()
    read_label_file(path, annotations, how or LabelReading())
    assert annotations.settle(zero=meaning.get("zero", "auto"), unlisted=meaning.get("unlisted", "auto")) is None  # type: ignore[arg-type]
    return annotations


def table(annotations: Annotations) -> dict[str, dict[str, int]]:
    """Picture -> label -> value."""
    rows = np.arange(len(annotations))
    targets = annotations.targets(rows, np.arange(len(annotations.names)), len(annotations.names))
    return {
        image: dict(zip(annotations.names, row.tolist(), strict=True))
        for image, row in zip(annotations.images, targets, strict=True)
    }


def problems(annotations: Annotations) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in annotations.problems]


CATS = {"a.jpg": {"cat": 1, "dog": -1}, "b.jpg": {"cat": 1, "dog": 1}, "c.jpg": {"cat": -1, "dog": -1}}


@pytest.mark.parametrize(
    "text",
    [
        "image,labels\na.jpg,cat\nb.jpg,cat;dog\nc.jpg,\n",
        "image,labels\na.jpg,cat\nb.jpg, cat | dog \nc.jpg,;\n",
        "\ufeffimage,labels\r\na.jpg,cat\r\n\r\nb.jpg,cat;dog\r\nc.jpg,\r\n",
        'filename;tags\na.jpg;cat\nb.jpg;"cat;dog;cat"\nc.jpg;\n',
        "labels\tImage\ncat\ta.jpg\ncat|dog\tb.jpg\n\tc.jpg",
        "image,cat,dog\na.jpg,1,0\nb.jpg,1,1\nc.jpg,0,0\n",
        "image,cat,dog\na.jpg,1,-1\nb.jpg,1.0, 1\nc.jpg,-1,-1\n",
        "cat,image,dog\n1,a.jpg,0\n1,b.jpg,1\n0,c.jpg,0\n",
    ],
)
def test_the_forms_of_csv(tmp_path: Path, text: str) -> None:
    annotations = read(tmp_path, text)
    assert annotations.problems == []
    assert table(annotations) == CATS


def test_json_lines(tmp_path: Path) -> None:
    text = '{"image": "a.jpg", "labels": ["cat"], "width": 3}\n\n{"file_name": "b.jpg", "labels": ["cat", "dog"]}\n'
    assert table(read(tmp_path, text + '{"image": "c.jpg", "tags": []}', "l.jsonl")) == CATS


def test_an_empty_cell_is_unknown(tmp_path: Path) -> None:
    assert table(read(tmp_path, "image,cat,dog\na,1,\nb,,-1\n")) == {
        "a": {"cat": 1, "dog": 0},
        "b": {"cat": 0, "dog": -1},
    }


def test_0_may_be_unknown_and_must_be_told_apart_from_minus_1(tmp_path: Path) -> None:
    text = "image,cat,dog\na,1,0\nb,0,-1\n"
    assert table(read(tmp_path, text, zero="unknown")) == {"a": {"cat": 1, "dog": 0}, "b": {"cat": 0, "dog": -1}}
    assert table(read(tmp_path, text, zero="absent"))["b"] == {"cat": -1, "dog": -1}
    annotations = Annotations()
    read_label_file(tmp_path / "l.csv", annotations, LabelReading())
    assert "both 0 and -1" in (annotations.settle(zero="auto", unlisted="auto") or "")


def test_what_is_not_listed_is_unknown_where_absence_is_listed(tmp_path: Path) -> None:
    text = "image,labels,absent\na,cat,dog\nb,dog,\n"
    assert table(read(tmp_path, text))["b"] == {"cat": 0, "dog": 1}
    assert table(read(tmp_path, text, unlisted="absent"))["b"] == {"cat": -1, "dog": 1}
    assert table(read(tmp_path, "image,labels\na,cat\nb,dog\n", unlisted="unknown"))["b"] == {"cat": 0, "dog": 1}
    lines = '{"image": "a", "labels": ["cat"], "absent": ["dog"]}\n{"image": "b", "labels": []}'
    assert table(read(tmp_path, lines, "l.jsonl"))["b"] == {"cat": 0, "dog": 0}


def test_another_separator(tmp_path: Path) -> None:
    text, comma = 'image,labels\na,"cat, dog; large"\n', LabelReading(separator=",")
    assert list(read(tmp_path, text, how=comma).names) == ["cat", "dog; large"]


def test_splits_by_any_usual_name(tmp_path: Path) -> None:
    annotations = read(tmp_path, "image,labels,split\na,x,Train\nb,x,validation\nc,x,dev\nd,x,test\n")
    assert annotations.splits == ["train", "val", "val", "test"]


def test_labels_are_compared_in_one_unicode_form(tmp_path: Path) -> None:
    assert list(read(tmp_path, "image,labels\na,caf\u00e9\nb,cafe\u0301\n").names) == ["café"]


def test_a_quoted_cell_may_span_lines(tmp_path: Path) -> None:
    annotations = read(tmp_path, 'image,labels\na,"cat;\ndog"\nb,cat,dog\n')
    assert list(annotations.names) == ["cat", "dog"]
    assert problems(annotations) == ["4: expected 2 cells as in the header, got 3"]


def test_every_bad_line_of_csv_is_named(tmp_path: Path) -> None:
    text = (
        "image,labels,absent,split\n"  # 1
        "a,cat,,train\n"
        ",cat,,train\n"
        "b,cat,,trian\n"
        "c,cat,dog;cat,train\n"
        "d,cat\n"
        'e,"cat"x,,train\n'
    )
    annotations = read(tmp_path, text)
    assert annotations.images == ["a"]
    assert problems(annotations)[:4] == [
        "3: no picture is named",
        "4: expected a split (train, val or test), got `trian`",
        "5: both present and absent: cat",
        "6: expected 4 cells as in the header, got 2",
    ]
    assert problems(annotations)[4].startswith("7: not CSV: ")
    expected = "expected 1, 0, -1 or nothing for `cat`, got"
    assert problems(read(tmp_path, "image,cat\na,y\nb,7\n")) == [
        f"2: {expected} `y`; if it is no label: `ignore: [cat]`",
        f"3: {expected} `7`",
    ]


def test_every_bad_line_of_json_is_named(tmp_path: Path) -> None:
    lines = [
        '{"image": "a", "labels": ["cat"]}',
        '{"image": "a", "labels": ["cat"]',
        '["a", "cat"]'.replace("[", " [", 1).replace(" [", "3 ["),
        '{"img": "a", "labels": ["cat"]}',
        '{"image": "a", "lables": ["cat"]}',
        '{"image": "a", "labels": "cat"}',
        '{"image": "a", "labels": ["cat", 3]}',
        '{"image": " ", "labels": []}',
        '{"image": "a", "labels": [], "split": 1}',
        "7",
    ]
    annotations = read(tmp_path, "\n".join(lines), "l.jsonl")
    assert annotations.images == ["a"]
    found = problems(annotations)
    assert [line.split(":")[0] for line in found] == [str(number) for number in range(2, 11)]
    assert "not JSON" in found[0]
    assert found[2] == "4: expected a key `image`, got img, labels; did you mean it by `img`?"
    assert found[3] == "5: expected a key `labels`, got image, lables; did you mean it by `lables`?"
    assert found[4] == '6: expected a list of names under `labels`, got "cat"'
    assert found[6] == '8: expected the picture\'s name, got " "'
    assert found[7] == "9: expected a split (train, val or test), got `1`"
    assert found[8] == "10: expected an object, got a single value"


def test_lines_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    for name, lines in (
        ("l.csv", [b"image,labels", b"a,cat", b"b,caf\xe9", b"c,dog"]),
        (
            "l.jsonl",
            [b"", b'{"image": "a", "labels": ["cat"]}', b'{"image": "caf\xe9"}', b'{"image": "c", "labels": []}'],
        ),
    ):
        annotations = read(tmp_path, b"\n".join(lines), name)
        assert annotations.images == ["a", "c"]
        assert len(annotations.problems) == 1
        assert "3: expected UTF-8, got the byte 0xe9 in column " in problems(annotations)[0]
        assert "save the file as UTF-8" in problems(annotations)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "expected a header with a column `image`"),
        (b"picture,imge,labels\n", "got picture, imge, labels; did you mean it by `imge`?"),
        (b"image\na.jpg\n", "expected a column `labels`, or one for each label, got image alone"),
        (b"image,split\na.jpg,train\n", "expected a column `labels`"),
        (b"image,cat,cat\n", "columns that occur twice: `cat`"),
        (b"image,labels\n", "expected pictures with their labels, got none"),
        ("image,labels\na,cat\n".encode("utf-16"), "expected UTF-8, got UTF-16"),
    ],
)
def test_files_of_no_use(tmp_path: Path, text: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert message in str(error.value)
    assert "l.csv" in str(error.value)


def test_a_json_array_has_the_same_objects(tmp_path: Path) -> None:
    annotations = read(tmp_path, '[{"image": "a", "labels": ["cat"]},\n {"image": "b"}, 7]', name="l.json")
    assert table(annotations) == {"a": {"cat": 1}}
    assert [problem.message.split(":")[0] for problem in annotations.problems] == ["entry 2", "entry 3"]


@pytest.mark.parametrize("seed", range(60))
def test_random_bytes_end_in_a_message(tmp_path: Path, seed: int) -> None:
    junk = np.random.default_rng(seed).integers(0, 256, 200, np.uint8).tobytes()
    head, name = ((b"", "l.csv"), (b"image,labels\n", "l.csv"), (b'{"image": "a", "labels": []}\n', "l.jsonl"))[
        seed % 3
    ]
    with suppress(DataError):
        read(tmp_path, head + junk, name)


@pytest.mark.parametrize(
    "reading",
    [
        lambda path: read_label_file(path, Annotations(), LabelReading()),
        lambda path: read_label_list(path, parameter="unseen"),
    ],
    ids=["table", "list"],
)
def test_a_pipe_is_not_waited_for_and_a_huge_file_is_not_read(
    tmp_path: Path, reading: Callable[[Path], object]
) -> None:
    pipe, huge = tmp_path / "pipe.csv", tmp_path / "huge.csv"
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate(2 << 30)
    for path, why in ((pipe, "it is a pipe or a device"), (huge, "it is larger than ")):
        with pytest.raises((DataError, BlockError), match=why):
            reading(path)


def test_json_of_many_levels_is_told_as_any_that_cannot_be_read(tmp_path: Path) -> None:
    deep = "[" * 100_000
    assert problems(read(tmp_path, f'{{"image": "a.jpg", "labels": ["cat"]}}\n{deep}\n', "l.jsonl"))
