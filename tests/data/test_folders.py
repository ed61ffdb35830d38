"""Hidden files and folders: left out by every walk through a user's folder."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from PIL import Image

from compose.block import BlockError
from compose.data.classes.omniglot import Omniglot
from compose.data.classes.omniglot_files import characters
from compose.data.folders import PictureWalk, entries_of, folders_in, is_hidden, is_picture, pictures_in, zipped_files
from compose.data.vectors.mulan import Mulan
from compose.errors import UsageError
from compose.prediction.given_episode import class_pictures
from compose.prediction.picture_files import picture_files

HIDDEN = (".ipynb_checkpoints", "._a.png", ".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.INI", "__MACOSX", "@eaDir")


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def names(paths: list[Path], folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_systems_and_programs_leave_is_hidden(name: str) -> None:
    assert is_hidden(name)


def test_what_users_name_is_not_hidden() -> None:
    assert not any(map(is_hidden, ("a.png", "_b", "__init__", "thumbs", "desktop", "MACOSX", "a.DS_Store")))
    assert is_picture("a.JPeG")
    assert not is_picture("a.csv")
    assert not is_picture("._a.jpg")


def test_a_walk_through_pictures(tmp_path: Path) -> None:
    shown = ("b.JPG", "deep/er/a.png", "deep/z.tiff")
    touch(
        tmp_path, *shown, "._b.JPG", ".ipynb_checkpoints/b-checkpoint.jpg", "deep/__MACOSX/a.png", "Thumbs.db", "n.txt"
    )
    (tmp_path / "folder.png").mkdir()
    assert names(pictures_in(tmp_path), tmp_path) == list(shown)
    assert names(entries_of(tmp_path), tmp_path) == ["b.JPG", "deep", "folder.png", "n.txt"]
    assert names(folders_in(tmp_path), tmp_path) == ["deep", "folder.png"]
    assert list(picture_files([tmp_path], PictureWalk())) == pictures_in(tmp_path)


def test_the_folder_named_may_be_hidden_and_so_may_a_file_named(tmp_path: Path) -> None:
    folder = tmp_path / ".cache" / "__MACOSX"
    touch(folder, "a.png", "._a.png")
    assert names(pictures_in(folder), folder) == ["a.png"]
    assert list(picture_files([folder / "._a.png"], PictureWalk())) == [folder / "._a.png"]


def test_links_are_followed_and_end(tmp_path: Path) -> None:
    touch(tmp_path, "real/a.png", "real/deep/b.png")
    (tmp_path / "real" / "deep" / "loop").symlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    found = ["link/a.png", "link/deep/b.png", "real/a.png", "real/deep/b.png"]
    assert names(pictures_in(tmp_path), tmp_path) == found


def test_a_folder_of_hidden_pictures_holds_none(tmp_path: Path) -> None:
    touch(tmp_path, ".ipynb_checkpoints/a.png", "._b.png")
    with pytest.raises(UsageError, match="holds no pictures"):
        list(picture_files([tmp_path], PictureWalk()))


def test_the_classes_of_a_support(tmp_path: Path) -> None:
    touch(tmp_path, "cat/a.png", "cat/._a.png", "dog/b.png", ".ipynb_checkpoints/c.png", "__MACOSX/d.png", "note.txt")
    found = class_pictures(tmp_path)
    assert {label: names(files, tmp_path) for label, files in found.items()} == {
        "cat": ["cat/a.png"],
        "dog": ["dog/b.png"],
    }


def test_omniglot_as_a_folder_and_as_a_zip(tmp_path: Path) -> None:
    half = tmp_path / "images_background"
    for alphabet in ("Greek", "Latin", ".ipynb_checkpoints", "__MACOSX"):
        for character in ("character01", ".ipynb_checkpoints"):
            for drawing in ("1.png", "2.png", "._1.png"):
                path = half / alphabet / character / drawing
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("L", (105, 105), 255).save(path)
    shown = [("Greek", "character01"), ("Latin", "character01")]
    assert [(c.alphabet, c.name) for c in characters(half)] == shown
    assert all(len(c.files) == 2 for c in characters(half))
    packed = tmp_path / "zipped" / "images_background.zip"
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(half.rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path).as_posix())
            archive.write(path, f"__MACOSX/{path.relative_to(tmp_path).as_posix()}")
    with zipfile.ZipFile(packed) as archive:
        assert len(list(zipped_files(archive))) == 4
    assert [(c.alphabet, c.name) for c in characters(packed)] == shown
    source = Omniglot(half, rotations=False)
    assert source.labels.names == ("Greek/character01", "Latin/character01")


def test_mulan_beside_what_a_system_leaves(tmp_path: Path) -> None:
    (tmp_path / "T.arff").write_text("@attribute a numeric\n@attribute cat {0,1}\n@data\n1,1\n2,0\n")
    (tmp_path / "T.xml").write_text('<labels><label name="cat"/></labels>')
    touch(tmp_path, "._T.arff", "._T.xml", ".ipynb_checkpoints/T-checkpoint.arff")
    assert Mulan(tmp_path).labels.names == ("cat",)
    (tmp_path / "U.xml").write_text("")
    with pytest.raises(BlockError, match=r"got T\.xml, U\.xml$"):
        Mulan(tmp_path)
