"""Open Images V4 in the publisher's layout."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from compose.block import BlockError
from compose.data.publishers.open_images import OpenImages

from .published import CLASSES, TRAINABLE, open_images_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return open_images_folder(tmp_path / "open-images")


def test_labels_are_present_absent_or_unknown(folder: Path) -> None:
    source = OpenImages(folder, size=16, augment="none")
    assert source.check() == []
    for split, called in (("train", "train"), ("val", "validation"), ("test", "test")):
        with (folder / f"2018_04/{called}/{called}-annotations-human-imagelabels.csv").open() as file:
            said = {(row["ImageID"], CLASSES[row["LabelName"]]): int(row["Confidence"]) for row in csv.DictReader(file)}
        examples = source.split(split)  # type: ignore[arg-type]
        targets = examples[range(len(examples))]["targets"]
        assert len(targets) == (10 if split == "train" else 6)
        for row, target in zip(examples._rows.tolist(), targets.tolist(), strict=True):
            path = source._paths[row]
            assert path.parent.name == called
            for name, value in zip(source.labels.names, target, strict=True):
                assert value == {None: 0, 0: -1, 1: 1}[said.get((path.stem, name))]


def test_the_most_frequent_other_labels_are_unseen(folder: Path) -> None:
    labels = OpenImages(folder, size=16).labels
    assert labels.names[:5] == tuple(CLASSES[label] for label in TRAINABLE)
    assert sum(labels.seen) == 5
    shown = [sum((i + j) % 3 == 0 and (i + j) % 4 != 0 for i in range(6)) for j in range(5, 8)]
    frequent = sorted(range(3), key=lambda place: -shown[place])
    assert labels.names[5:] == tuple(list(CLASSES.values())[5 + place] for place in frequent)
    assert OpenImages(folder, size=16, unseen=1).labels.names[5:] == labels.names[5:6]


def test_labels_with_boxes(folder: Path) -> None:
    source = OpenImages(folder, labels="420/138", boxes=True, size=32, fit="squash", augment="none")
    assert source.labels.names == tuple(CLASSES[label] for label in TRAINABLE[:4])
    assert sum(source.labels.seen) == 3
    batch = source.split("test")[range(2)]
    assert batch["boxes"][:, 0].tolist() == [[8, 4, 16, 24]] * 2
    assert batch["box_labels"][0, 0].tolist() == [1, 1, 1, 1]
    assert not source.split("train")[range(2)]["box_labels"].any()


def test_a_label_that_is_there_twice_is_present_where_one_row_says_so(folder: Path) -> None:
    path = folder / "2018_04/test/test-annotations-human-imagelabels.csv"
    image = f"{1 << 40:016x}"
    with path.open("a") as file:
        file.write(f"{image},crowdsource-verification,/m/01yrx,1\n{image},verification,/m/01yrx,0\n")
    source = OpenImages(folder, size=16)
    assert source.split("test")[[0]]["targets"][0, 0] == 1


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("0000010000000000,verif", "the file may be cut off"),
        ("0000010000000000,verification,/m/01yrx,", "a row is not complete; the file may be cut off"),
        ("00000100,verification,/m/01yrx,1\n", "16 hexadecimal digits"),
        ("0000010000000000,verification,/m/nothing,1\n", "the label `/m/nothing` is not among the class descriptions"),
        ("0000010000000000,machine,/m/01yrx,0.7\n", "as machines give them"),
    ],
)
def test_a_cut_file_is_named(folder: Path, end: str, message: str) -> None:
    path = folder / "2018_04/test/test-annotations-human-imagelabels.csv"
    with path.open("a") as file:
        file.write(end)
    with pytest.raises(BlockError, match=message) as error:
        OpenImages(folder)
    assert str(path) in str(error.value)


def test_missing_files_are_named(folder: Path) -> None:
    for name in ("classes-trainable.txt", "class-descriptions.csv"):
        (folder / "2018_04" / name).unlink()
    with pytest.raises(BlockError, match=r"2 are missing[^$]*class-descriptions[^$]*classes-trainable"):
        OpenImages(folder)
