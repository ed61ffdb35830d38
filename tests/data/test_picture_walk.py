"""Folders that are no sets of pictures, that cannot be read, and that hold pictures of other formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compose.block import BlockError
from compose.data import folders
from compose.data.folders import PictureWalk, entries_of, pictures_in
from compose.data.pictures.images import Images
from compose.data.source import DataError
from compose.errors import UsageError
from compose.prediction.picture_files import picture_files


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 20), "red").save(path, "png")


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        for number in range(5):
            draw(tmp_path / "in" / name / f"{number}.png")
    return tmp_path / "in"


@pytest.fixture
def unreadable(classes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below those of the classes that nobody may read; whoever is root may read all."""
    closed, scan = classes / "dog" / "closed", os.scandir
    closed.mkdir()

    def scandir(folder: Any) -> Any:
        if Path(folder) == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    return closed


def test_a_folder_that_may_not_be_read_is_named(classes: Path, unreadable: Path) -> None:
    told = f"the folder {unreadable} cannot be read: permission denied"
    with pytest.raises(BlockError) as caught:
        Images(classes)
    assert (str(caught.value), caught.value.parameter) == (told, "folder")
    for walk in (entries_of, pictures_in):
        with pytest.raises(DataError, match="permission denied"):
            walk(unreadable)
    with pytest.raises(DataError, match="permission denied"):
        list(picture_files([classes], PictureWalk()))


def test_a_folder_of_other_files_is_left_soon(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_OTHERS", 20)
    for number in range(300):
        (classes / "dog" / f"{number}.txt").touch()
    with pytest.raises(BlockError) as caught:
        Images(classes)
    told = f"{classes / 'dog'} is no folder of pictures: there are 7 pictures among the first 98 files and folders"
    assert str(caught.value) == f"{told} in it"
    assert caught.value.parameter == "folder"


def test_files_beside_pictures_are_no_hindrance(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_OTHERS", 20)
    for picture in pictures_in(classes):
        for suffix in (".json", ".xml", ".txt"):
            picture.with_suffix(suffix).touch()
    assert len(pictures_in(classes)) == 10


def test_folders_in_one_another(tmp_path: Path) -> None:
    (tmp_path / "/".join("a" * 70)).mkdir(parents=True)
    with pytest.raises(DataError, match="has more than 60 folders in one another"):
        pictures_in(tmp_path)


def test_links_that_multiply_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_OTHERS", 500)
    for level in range(40):
        (tmp_path / f"d{level}").mkdir()
        for name in "ab":
            (tmp_path / f"d{level}" / name).symlink_to(tmp_path / f"d{level + 1}")
    with pytest.raises(DataError, match="is no folder of pictures"):
        pictures_in(tmp_path / "d0")


def test_pictures_in_other_formats_are_told_once(classes: Path) -> None:
    for name in ("cat/a.heic", "cat/b.HEIC", "dog/c.jxl"):
        (classes / name).write_bytes(b"picture")
    told = "3 pictures are left out, in formats that are not read here: .heic (2), .jxl (1), such as"
    [note] = [note for note in Images(classes).notes() if "left out" in note]
    assert note == f"{classes}: {told} {classes / 'cat' / 'a.heic'}"
    walk = PictureWalk()
    assert len(list(picture_files([classes / "cat", classes / "dog"], walk))) == 10
    assert walk.note == f"{told} {classes / 'cat' / 'a.heic'}"


def test_a_folder_of_pictures_in_other_formats_alone(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.heif").write_bytes(b"picture")
    told = r"1 picture is left out, in formats that are not read here: \.heif \(1\), such as .*a\.heif"
    with pytest.raises(BlockError, match=told):
        Images(tmp_path)
    with pytest.raises(UsageError, match=f"holds no pictures .*; {told}"):
        list(picture_files([tmp_path], PictureWalk()))


def test_a_picture_named_in_another_format(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    (tmp_path / "b.heic").write_bytes(b"picture")
    (tmp_path / "labels.csv").write_text("image,labels\na.png,cat\nb.heic,dog\n", "utf-8")
    [problem] = Images(tmp_path, labels=tmp_path / "labels.csv").check()
    assert "a picture in a format that is not read here (.heic)" in problem


def test_a_backslash_stands_for_a_slash_unless_there_is_a_file_of_that_name(tmp_path: Path) -> None:
    if os.sep == "\\":
        pytest.skip("a name has no backslash here")
    for name in ("in/a\\b/1.png", "in/a\\b/2\\3.png", "in/c/1.png", "list/sub/1.png", "list/2\\3.png"):
        draw(tmp_path / name)
    by_folder = Images(tmp_path / "in", fractions=(1, 0, 0))
    assert by_folder.labels.names == ("a\\b", "c")
    assert by_folder.check() == []
    labels = tmp_path / "labels.csv"
    labels.write_text("image,labels\nsub\\1.png,cat\n2\\3.png,dog\n", "utf-8")
    by_list = Images(tmp_path / "list", labels=labels, fractions=(1, 0, 0))
    assert by_list.check() == []
    assert len(by_list.split("train")) == 2
