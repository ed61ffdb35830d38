"""COCO in the publisher's layout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose.block import BlockError
from compose.data.publishers.coco import Coco
from compose.data.publishers.label_set_table import label_set_table

from .published import coco_folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("year", [2014, 2017])
def test_labels_and_boxes_are_those_of_the_files(tmp_path: Path, year: int) -> None:
    folder = coco_folder(tmp_path / "coco", year=year)
    source = Coco(folder, year=year, validation=0, size=32, augment="none", fit="squash", boxes=True)  # type: ignore[arg-type]
    assert len(source.labels.names) == 80
    assert sum(source.labels.seen) == 64
    assert source.check() == []
    data = json.loads((folder / f"annotations/instances_val{year}.json").read_text())
    name = {category["id"]: category["name"] for category in data["categories"]}
    examples = source.split("test")
    batch = examples[range(len(examples))]
    for place, image in enumerate(data["images"]):
        mine = [a for a in data["annotations"] if a["image_id"] == image["id"]]
        shown = {source.labels.names[i] for i in batch["targets"][place].eq(1).nonzero()[:, 0].tolist()}
        assert shown == {name[a["category_id"]] for a in mine}
        boxed = {source.labels.names[i] for i in batch["box_labels"][place].any(0).nonzero()[:, 0].tolist()}
        assert boxed == {name[a["category_id"]] for a in mine if not a["iscrowd"]}
        if mine:
            # 4, 8, 10 and 16 pixels of 40 x 32, in a square of 32
            assert batch["boxes"][place, 0].tolist() == pytest.approx([3.2, 8, 11.2, 24])


def test_the_sets_of_labels(tmp_path: Path) -> None:
    folder = coco_folder(tmp_path / "coco")
    detection = Coco(folder, labels="48/17", size=16).labels
    assert (sum(detection.seen), len(detection.names)) == (48, 65)
    assert not detection.seen[detection.names.index("umbrella")]
    assert all(Coco(folder, labels="80", size=16).labels.seen)
    labelled = Coco(folder, without_labels="drop", validation=0, size=16)
    assert len(labelled.split("test")) == 7
    assert label_set_table("coco")[0].name == "person"


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    folder = coco_folder(tmp_path / "coco")
    path = folder / "annotations/instances_train2014.json"
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    with pytest.raises(BlockError, match=r"instances_train2014\.json: the file is cut off"):
        Coco(folder)
    path.write_text(text[: text.index('"annotations"')] + '"annotations": [{"id": 3}]}')
    with pytest.raises(BlockError, match="expected `image_id` in every entry"):
        Coco(folder)
    path.unlink()
    with pytest.raises(BlockError, match=r"1 is missing[^$]*annotations/instances_train2014\.json"):
        Coco(folder)
