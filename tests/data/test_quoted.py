"""A spec may name any file of the user's: nothing of one that is not of the form asked for gets into a message."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from compose import validate
from compose.block import BlockError
from compose.data.classes.imagenet_classes import read_classes
from compose.data.classes.mini_imagenet import read_list
from compose.data.quoted import LONGEST, keys_text, short, titles_text
from compose.data.source import DataError
from compose.data.vectors.arff import Header, read_header
from compose.data.vectors.label_division import read_division
from compose.data.vectors.mulan_files import _labels as labels_of

SECRET = "hunter2"
FILES = {
    "key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}b3BlbnNzaC1r\n{SECRET}QyNTUxOQA=\n-----END-----\n",
    "passwd": f"root:x:0:0:{SECRET}:/root:/bin/bash\nuser:x:1000:1000:{SECRET},,,:/home/user:/bin/sh\n",
    "netrc": f"machine example.org login me password {SECRET}\n",
    "pgpass": f"db.example.org:5432:shop:me:{SECRET}\n",
    "history": f"ls\ncd work\nexport TOKEN={SECRET}\nexport TOKEN={SECRET}\n",
    "env": f"SECRET={SECRET}\nPORT=80\n",
    "csv": f"{SECRET}@example.org,{SECRET},4711\nb@example.org,{SECRET}b,4712\n",
    "semicolons": f"{SECRET}@example.org;{SECRET}!;4711\n",
    "config": json.dumps({f"https://{SECRET}/v1/": {"auth": SECRET}}),
    "array": json.dumps([SECRET, {SECRET: SECRET}]),
    "spoilt": f"{SECRET}\xe9{SECRET}\n",
    "table": f"{SECRET} 1 2\nother {SECRET} {SECRET}\n",
}
"""Files that people have, by what they are."""
IMAGES = "data={use: images, folder: ., size: 32, "
USES = {
    IMAGES + "labels: %s, unseen: [wolf]}": ("", ".csv", ".jsonl"),
    IMAGES + "train: %s, test: good.csv, unseen: [wolf]}": (".tsv",),
    IMAGES + "labels: good.csv, unseen: %s}": ("", ".txt"),
    IMAGES + "labels: good.csv, vocabulary: %s}": (".txt",),
    IMAGES + "labels: good.csv, unseen: [wolf], boxes: %s}": (".csv",),
    IMAGES + "labels: good.csv, unseen: [wolf], boxes: boxes.csv, box_names: %s}": (".csv",),
    "labels.vectors={use: file, path: %s}": (".txt", ".csv", ".json", ".npz", ".safetensors"),
    "labels.vectors={use: glove, path: %s}": ("",),
}
"""Where a spec names a file, and the endings by which it may be read in different ways."""
READERS: dict[str, Callable[[Path], object]] = {
    "ids.txt": lambda path: read_classes(path, count=2),
    "ids.json": lambda path: read_classes(path, count=2),
    "train.csv": read_list,
    "mulan.arff": read_header,
    "split.json": read_division,
    "split.yaml": read_division,
    "labels.xml": lambda path: labels_of(path, Header(path, (), 0)),
}
"""The readers of other files, by a name that they may have."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in "abc":
        Image.new("RGB", (40, 40)).save(f"{name}.png")
    Path("good.csv").write_text("image,labels,split\na.png,wolf;cat,train\nb.png,cat,train\nc.png,wolf,test\n")
    Path("boxes.csv").write_text("image,label,left,top,right,bottom\na.png,cat,0,0,9,9\n")
    Path("spec.yaml").write_text("extends: zoo/starter.yaml\n")
    return tmp_path


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("use", USES)
def test_no_message_quotes_a_file_that_is_no_data(home: Path, kind: str, use: str) -> None:
    for ending in USES[use]:
        file = home / f"secrets{ending}"
        file.write_bytes(FILES[kind].encode("latin-1"))
        report = validate("spec.yaml", overrides=[use.replace("%s", file.name)])
        assert SECRET not in f"{report!r}{json.dumps(report.to_json())}"
        assert not report or "vectors" in use or "box_names" in use, "such a file is refused"


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("name", READERS)
def test_no_reader_quotes_a_file_that_is_not_of_its_form(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[kind].encode("latin-1"))
    with pytest.raises((BlockError, DataError)) as refused:
        READERS[name](tmp_path / name)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("link", [False, True])
def test_no_spec_is_read_from_a_file_that_is_no_yaml(home: Path, kind: str, *, link: bool) -> None:
    (home / "id").write_bytes(FILES[kind].encode("latin-1"))
    (home / "innocent.yaml").symlink_to(home / "id")
    (home / "bad.yaml").write_text(f"extends: {'innocent.yaml' if link else 'id'}\n")
    for name in ("bad.yaml", "innocent.yaml", "id"):
        report = validate(name)
        assert [error.code for error in report.errors] == ["not-yaml"]
        assert SECRET not in repr(report)


def test_what_is_quoted_of_a_file_of_the_right_form() -> None:
    assert titles_text(["picture", "label"]) == "picture, label"
    assert titles_text(["root:x:0:0:root"]) == "a line of 1 cell, which names no columns"
    assert titles_text([""]) == "nothing"
    assert keys_text(["picture", "tag"]) == "picture, tag"
    assert keys_text([]) == "none"
    assert keys_text(["https://x y?z", "a"]) == "2 others"
    assert short("a" * 100) == "a" * (LONGEST - 3) + "..."
