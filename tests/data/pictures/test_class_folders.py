"""Pictures in a folder for each class, without a label file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compose.block import BlockError
from compose.data.pictures.images import Images


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20)).save(path)


def images(folder: Path, **options: Any) -> Images:
    return Images(folder, **{"size": 16, "augment": "none", **options})


def test_the_folders_are_the_labels(tmp_path: Path) -> None:
    fill(tmp_path, "dog/1.jpg", "dog/deep/2.png", "polar bear/1.jpg", "loose.jpg")
    fill(tmp_path, ".ipynb_checkpoints/1.jpg", "dog/._1.jpg", "__MACOSX/dog/1.jpg")
    (tmp_path / "empty").mkdir()
    (tmp_path / "dog" / "notes.txt").write_text("")
    source = images(tmp_path, fractions=(1, 0, 0), unseen=["polar bear"])
    assert source.labels.names == ("dog", "polar bear")
    assert source.labels.seen == (True, False)
    train = source.split("train")
    assert train[range(len(train))]["targets"].tolist() == [[1, -1], [1, -1], [-1, 1]]
    assert train.classes().tolist() == [0, 0, 1]
    assert source.check() == []
    assert [note.replace(f"{tmp_path}: ", "") for note in source.notes()] == [
        "no label file is given; the folders are the 2 labels: dog, polar bear",
        "folders without pictures are left out: empty",
        "pictures in no folder of a class are left out: loose.jpg",
    ]


def test_folders_of_splits_and_their_classes(tmp_path: Path) -> None:
    fill(tmp_path, "train/cat/1.jpg", "train/cat/2.jpg", "train/dog/1.jpg", "valid/cow/1.jpg", "Test/wolf/1.jpg")
    source = images(tmp_path)
    assert source.labels.names == ("cat", "cow", "dog", "wolf")
    assert source.labels.seen == (True, False, True, False)
    assert [len(source.split(split)) for split in ("train", "val", "test")] == [3, 1, 1]
    assert source.split("test").classes().tolist() == [3]
    assert images(tmp_path, unseen=["dog"]).labels.seen == (True, True, False, True)
    assert images(tmp_path, all_seen=True).labels.seen == (True,) * 4


def test_classes_that_are_called_as_splits_hold_pictures(tmp_path: Path) -> None:
    fill(tmp_path, "train/1.jpg", "test/1.jpg")
    assert images(tmp_path).labels.names == ("test", "train")
    fill(tmp_path, "train/a/1.jpg", "bus/1.jpg")
    assert images(tmp_path).labels.names == ("bus", "test", "train")


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")
    (tmp_path / "dog" / "2.jpg").write_bytes(b"")
    assert images(tmp_path).check() == [f"{tmp_path}/dog: dog/2.jpg: empty file"]


def test_a_folder_without_classes(tmp_path: Path) -> None:
    fill(tmp_path, "1.jpg", ".hidden/1.jpg")
    with pytest.raises(BlockError, match=r"or folders of pictures in .*, one for each class"):
        images(tmp_path)


def test_one_picture_in_two_classes(tmp_path: Path) -> None:
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")
    (tmp_path / "dog" / "2.jpg").symlink_to(tmp_path / "cat" / "1.jpg")
    found = images(tmp_path).check()
    assert found == [f"{tmp_path}/dog: dog/2.jpg has other labels at {tmp_path}/cat, as cat/1.jpg"]
