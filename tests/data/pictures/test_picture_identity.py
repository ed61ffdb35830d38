"""Two spellings of one picture are one picture."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from compose.data.pictures.images import Images
from compose.data.pictures.picture_identity import identities


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two pictures in a folder, links to one of them and to the folder, and a hard link in other capitals."""
    sub = tmp_path / "sub"
    sub.mkdir()
    for name in ("00.jpg", "01.jpg"):
        Image.new("RGB", (20, 20)).save(sub / name)
    (tmp_path / "link").symlink_to(sub)
    (tmp_path / "alias.jpg").symlink_to(sub / "00.jpg")
    os.link(sub / "00.jpg", sub / "00.JPG")
    return tmp_path


SPELLINGS = [
    "sub\\00.jpg",
    "./sub/00.jpg",
    "sub//00.jpg",
    "sub/../sub/00.jpg",
    "link/00.jpg",
    "alias.jpg",
    "sub/00.JPG",
]


@pytest.mark.parametrize("spelling", [*SPELLINGS, "ABSOLUTE/sub/00.jpg", "ABSOLUTE\\link\\00.jpg"])
def test_spellings_of_one_picture(place: Path, spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spelling = spelling.replace("ABSOLUTE", str(place))
    one, other, second = identities(place, ["sub/00.jpg", spelling, "sub/01.jpg"])
    assert one == other != second
    monkeypatch.chdir(place)
    assert identities(Path(), ["sub/00.jpg", spelling, "sub/01.jpg"]) == [one, other, second]


def test_other_pictures_are_other_pictures(place: Path) -> None:
    Image.new("RGB", (20, 20)).save(place / "sub" / "a.jpg")
    Image.new("RGB", (20, 20)).save(place / "sub" / "A.jpg")
    assert len(set(identities(place, ["sub/a.jpg", "sub/A.jpg", "none/a.jpg", "none/A.jpg", "a.jpg"]))) == 5


@pytest.mark.parametrize("spelling", [*SPELLINGS, "ABSOLUTE/sub/00.jpg"])
def test_a_picture_in_train_and_test(place: Path, spelling: str) -> None:
    spelling = spelling.replace("ABSOLUTE", str(place))
    (place / "train.csv").write_text("image,labels\nsub/00.jpg,cat\n")
    (place / "test.csv").write_text(f"image,labels\n{spelling},cat\n")
    source = Images(place, train=place / "train.csv", test=place / "test.csv")
    there = f"in `train` at {place}/train.csv:2, as sub/00.jpg"
    assert source.check() == [f"{place}/test.csv:2: {spelling} is in `test`, and {there}"]


def test_a_picture_listed_twice_is_used_once(place: Path) -> None:
    (place / "l.csv").write_text("image,labels\nsub/00.jpg,cat\nalias.jpg,cat\nlink/01.jpg,cat\nsub/01.jpg,dog\n")
    source = Images(place, labels=place / "l.csv", fractions=(1, 0, 0))
    assert len(source.split("train")) == 2
    assert (
        f"{place}/l.csv:3: alias.jpg is listed already at {place}/l.csv:2, as sub/00.jpg; used once" in source.notes()
    )
    assert source.check() == [f"{place}/l.csv:5: sub/01.jpg has other labels at {place}/l.csv:4, as link/01.jpg"]
