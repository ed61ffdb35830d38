"""NUS-WIDE in the publisher's layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compose.block import BlockError
from compose.data.publishers import column_cache
from compose.data.publishers.nus_wide import NusWide

from .published import CONCEPTS, TAGS, has_concept, has_tag, nus_wide_folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("whole", [True, False])
def test_tags_are_seen_and_concepts_unseen(tmp_path: Path, whole: bool) -> None:
    source = NusWide(nus_wide_folder(tmp_path / "nus-wide", whole=whole), size=16, validation=0.25)
    seen = [tag for tag in TAGS if tag not in CONCEPTS]
    assert source.labels.names == (*seen, *CONCEPTS)
    assert sum(source.labels.seen) == len(seen)
    assert dict(zip(source.labels.names, source.labels.synsets, strict=True))["whales"] == "whale.n.02"
    assert [len(source.split(name)) for name in ("train", "val", "test")] == [9, 3, 8]
    assert source.check() == []
    names = source._labels_of_pictures.images
    for split in ("train", "val", "test"):
        examples = source.split(split)
        targets = examples[range(len(examples))]["targets"].numpy()
        for row, target in zip(examples._rows, targets, strict=True):
            image = int(names[row].decode().rpartition("/")[2][:4])
            tags = [has_tag(image, TAGS.index(tag)) for tag in seen]
            concepts = [has_concept(image, number) for number in range(len(CONCEPTS))]
            assert (target == np.where([*tags, *concepts], 1, -1)).all()
        assert set(examples.carried()) == set(np.flatnonzero((targets == 1).any(0)))


def test_only_concepts_and_only_pictures_with_labels(tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    source = NusWide(folder, labels="65/16", without_labels="drop", size=16)
    unseen = [name for name, seen in zip(source.labels.names, source.labels.seen, strict=True) if not seen]
    assert unseen == [name for name in CONCEPTS if name not in {"animal", "lake", "whales"}]
    test = source.split("test")
    assert (test[range(len(test))]["targets"] == 1).any(1).all()
    assert all(NusWide(folder, labels="81", size=16).labels.seen)


def test_concepts_as_users_tagged_them(tmp_path: Path) -> None:
    source = NusWide(nus_wide_folder(tmp_path / "nus-wide"), concepts="tags", labels="81", size=16, validation=0)
    examples = source.split("train")
    targets = examples[range(len(examples))]["targets"].numpy()
    images = [int(source._labels_of_pictures.images[row].decode().rpartition("/")[2][:4]) for row in examples._rows]
    assert [np.flatnonzero(target == 1).tolist() for target in targets] == [
        [image] if image < len(CONCEPTS) else [] for image in images
    ]


def test_the_one_odd_line_is_unknown(tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide", whole=False)
    file = folder / "Groundtruth/TrainTestLabels/Labels_lake_Train.txt"
    cells = file.read_text().split()
    file.write_text("\n".join(["-1130179", *cells[1:]]) + "\n")
    source = NusWide(folder, labels="81", size=16, validation=0)
    lake = source.labels.names.index("lake")
    assert source.split("train")[range(12)]["targets"][0, lake] == 0


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("NUS_WID_Tags/AllTags1k.txt", "expected 20 lines, one for each picture of Imagelist.txt, got 19; the file"),
        ("Groundtruth/AllLabels/Labels_sun.txt", "expected 20 lines, one for each picture of Imagelist.txt, got 19"),
    ],
)
def test_a_cut_file_is_named(tmp_path: Path, file: str, message: str) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    path = folder / file
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(BlockError, match=message) as error:
        NusWide(folder)
    assert str(path) in str(error.value)


def test_a_file_cut_within_a_line_is_named(tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    path = folder / "NUS_WID_Tags/AllTags1k.txt"
    path.write_text(path.read_text()[:-6])
    with pytest.raises(BlockError, match=r"AllTags1k.txt:20: expected 10 values, got 8; the file may be cut off"):
        NusWide(folder)


def test_all_missing_files_are_named_in_one_error(tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    (folder / "ImageList/TestImagelist.txt").unlink()
    (folder / "NUS_WID_Tags/AllTags1k.txt").unlink()
    with pytest.raises(BlockError, match="2 are missing") as error:
        NusWide(folder)
    assert "TestImagelist.txt" in str(error.value)
    assert "AllTags1k.txt" in str(error.value)


def test_missing_pictures_are_problems_or_skipped(tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    source = NusWide(folder, size=16, validation=0)
    gone = source._paths[int(source._rows["train"][3])]
    gone.unlink()
    assert [str(gone) in problem for problem in source.check()] == [True]
    skipping = NusWide(folder, size=16, validation=0, missing="skip")
    assert len(skipping.split("train")) == 11
    assert skipping.check() == []
    assert any("1 pictures are left out" in note for note in skipping.notes())


def test_the_root_of_all_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPOSE_DATA", raising=False)
    with pytest.raises(BlockError, match="there is no folder nus-wide; name it here, or the folder above `nus-wide`"):
        NusWide()
    nus_wide_folder(tmp_path / "nus-wide")
    monkeypatch.setenv("COMPOSE_DATA", str(tmp_path))
    assert len(NusWide(size=16).split("test")) == 8


def test_columns_are_kept_until_a_file_changes(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_cache, "LARGE", 0)
    folder = nus_wide_folder(tmp_path / "nus-wide")
    first = NusWide(folder, size=16)
    kept = list((cache / "compose" / "publishers").iterdir())
    assert len(kept) == 1
    assert NusWide(folder, size=16).content() == first.content()
    path = folder / "NUS_WID_Tags/AllTags1k.txt"
    path.write_text(path.read_text().replace("0", "1", 1))
    assert NusWide(folder, size=16).content() != first.content()
    assert len(list((cache / "compose" / "publishers").iterdir())) == 2
