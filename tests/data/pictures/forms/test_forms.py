"""The forms that tools for annotation write: the same pictures and labels in each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.pictures.images import Images
from compose.data.source import DataError

LABELS: dict[str, set[str]] = {
    **{f"a{i}.jpg": {"cat"} for i in range(4)},
    **{f"b{i}.jpg": {"cat", "dog"} for i in range(4)},
    **{f"c{i}.jpg": set() for i in range(2)},
}
NAMES = ["cat", "dog"]


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "images"
    folder.mkdir()
    for number, name in enumerate(LABELS):
        Image.new("RGB", (20, 16), (10 * number, 0, 0)).save(folder / name)
    return folder


def instances(**more: Any) -> dict[str, Any]:
    images = [{"id": 7 * i, "file_name": name, **more} for i, name in enumerate(LABELS)]
    pairs = [(7 * i, label) for i, labels in enumerate(LABELS.values()) for label in sorted(labels)]
    annotations = [
        {"id": i, "image_id": image, "category_id": 3 + NAMES.index(label), "bbox": [5, 4, 5, 8]}
        for i, (image, label) in enumerate(pairs)
    ]
    return {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 3 + i, "name": name} for i, name in enumerate(NAMES)],
    }


def write_coco(folder: Path) -> Path:
    path = folder / "instances.json"
    path.write_text(json.dumps(instances()))
    return path


def write_pretty_coco(folder: Path) -> Path:
    path = folder / "pretty.json"
    path.write_text(json.dumps(instances(), indent=1))
    return path


def write_lines_coco(folder: Path) -> Path:
    path = folder / "lines.json"
    path.write_text(json.dumps(instances()).replace("], ", "],\n"))
    return path


def write_list(folder: Path) -> Path:
    path = folder / "list.json"
    path.write_text(json.dumps([{"image": name, "labels": sorted(labels)} for name, labels in LABELS.items()]))
    return path


def write_mapping(folder: Path) -> Path:
    path = folder / "mapping.json"
    path.write_text(json.dumps({name: sorted(labels) for name, labels in LABELS.items()}, indent=2))
    return path


def write_voc(folder: Path) -> Path:
    at = folder / "Annotations"
    at.mkdir()
    for name, labels in LABELS.items():
        objects = "".join(
            f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>5</xmin><ymin>4</ymin><xmax>10</xmax><ymax>12</ymax></bndbox></object>"
            for label in labels
        )
        text = f"<annotation><folder>x</folder><filename>{name}</filename>{objects}</annotation>"
        (at / f"{Path(name).stem}.xml").write_text(text)
    return at


def write_yolo(folder: Path) -> Path:
    at = folder / "labels"
    at.mkdir()
    (folder / "data.yaml").write_text("names: {0: cat, 1: dog}\ntrain: images\n")
    for name, labels in LABELS.items():
        lines = [f"{NAMES.index(label)} 0.375 0.5 0.25 0.5" for label in labels]
        (at / f"{Path(name).stem}.txt").write_text("\n".join(lines))
    return at


def write_yolo_classes(folder: Path) -> Path:
    at = write_yolo(folder)
    (folder / "data.yaml").unlink()
    (at / "classes.txt").write_text("cat\ndog\n")
    return at


def write_parquet(folder: Path) -> Path:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = folder / "labels.parquet"
    parquet.write_table(pa.table({"image": [*LABELS], "labels": [sorted(x) for x in LABELS.values()]}), path)
    return path


def write_one_hot_parquet(folder: Path) -> Path:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = folder / "table.parquet"
    columns = {name: [name in labels for labels in LABELS.values()] for name in NAMES}
    parquet.write_table(pa.table({"file_name": [*LABELS], **columns}), path)
    return path


def write_saved(folder: Path) -> Path:
    """As ``datasets.Dataset.save_to_disk`` writes it: names of classes apart, pictures as bytes."""
    pa, ipc = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.ipc")
    at = folder / "saved"
    at.mkdir()
    images = [{"bytes": (folder / "images" / name).read_bytes(), "path": name} for name in LABELS]
    table = pa.table({"image": images, "labels": [[NAMES.index(x) for x in sorted(v)] for v in LABELS.values()]})
    with ipc.new_stream(at / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table)
    features = {
        "image": {"_type": "Image"},
        "labels": {"feature": {"names": NAMES, "_type": "ClassLabel"}, "_type": "Sequence"},
    }
    (at / "dataset_info.json").write_text(json.dumps({"features": features}))
    (at / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    return at


def yes_and_no(folder: Path) -> Path:
    path = folder / "yes.csv"
    rows = [
        f"{name},{'yes' if 'cat' in labels else 'no'},{'Yes' if 'dog' in labels else 'No'}"
        for name, labels in LABELS.items()
    ]
    path.write_text("\n".join(["image,cat,dog", *rows, ""]))
    return path


@pytest.mark.parametrize(
    "write",
    [
        write_coco,
        write_pretty_coco,
        write_lines_coco,
        write_list,
        write_mapping,
        write_voc,
        write_yolo,
        write_yolo_classes,
        write_parquet,
        write_one_hot_parquet,
        write_saved,
        yes_and_no,
    ],
)
def test_every_form_says_the_same(pictures: Path, write: Callable[[Path], Path]) -> None:
    labels = write(pictures.parent)
    source = Images(pictures, labels=labels, size=16, augment="none", fractions=(1, 0, 0))
    assert source.check() == []
    assert source.labels.names == ("cat", "dog")
    examples = source.split("train")
    assert len(examples) == len(LABELS)
    batch = examples[range(len(examples))]
    reds = (source.displayed(batch["image"])[:, 0].mean((1, 2)) * 25.5).round().int().tolist()
    found = {
        list(LABELS)[red]: {NAMES[i] for i in np.flatnonzero(row == 1)}
        for red, row in zip(reds, batch["targets"].numpy(), strict=True)
    }
    assert found == LABELS


@pytest.mark.parametrize("write", [write_coco, write_voc, write_yolo])
def test_annotations_have_boxes_too(pictures: Path, write: Callable[[Path], Path]) -> None:
    path = write(pictures.parent)
    source = Images(pictures, labels=path, boxes=path, size=40, augment="none", fit="squash", fractions=(1, 0, 0))
    assert source.check() == []
    batch = source.split("train")[range(len(LABELS))]
    shown = batch["box_labels"].any(1).int() * 2 - 1
    assert torch.equal(shown.to(torch.int8), batch["targets"])
    boxes = batch["boxes"][batch["box_labels"].any(-1)]  # of 20 x 16 pixels, in a square of 40
    assert torch.unique(boxes, dim=0).tolist() == [[10, 10, 20, 30]]


def test_annotations_of_voc_in_folders_inside_are_not_lost(pictures: Path) -> None:
    labels = write_voc(pictures.parent)
    (labels / "more").mkdir()
    next(labels.glob("*.xml")).rename(labels / "more" / "one.xml")
    for options in ({"labels": labels}, {"labels": write_coco(pictures.parent), "boxes": labels}):
        with pytest.raises((BlockError, DataError), match=r"annotations in one folder, got some in more/, too"):
            Images(pictures, size=16, **options).check()


def test_lvis_says_what_people_looked_for(pictures: Path) -> None:
    made = instances(neg_category_ids=[4], not_exhaustive_category_ids=[])
    for image in made["images"]:
        image["coco_url"] = f"http://images/{image.pop('file_name')}"
    for image in made["images"][4:8]:
        image["neg_category_ids"] = []
    path = pictures.parent / "lvis.json"
    path.write_text(json.dumps(made))
    folder = pictures.rename(pictures.parent / "images.cocodataset")
    (folder / "images").mkdir()
    for name in LABELS:
        (folder / name).rename(folder / "images" / name)
    source = Images(folder, labels=path, size=16, augment="none", fractions=(1, 0, 0))
    targets = source.split("train")[range(10)]["targets"]
    assert sorted(map(tuple, targets.tolist())) == sorted([(1, -1)] * 4 + [(1, 1)] * 4 + [(0, -1)] * 2)


def test_the_splits_of_voc_and_of_yolos_folders(pictures: Path) -> None:
    labels = write_voc(pictures.parent)
    sets = pictures.parent / "ImageSets" / "Main"
    sets.mkdir(parents=True)
    stems = [Path(name).stem for name in LABELS]
    for split, part in (("train", stems[:6]), ("val", stems[6:8]), ("test", stems[8:])):
        (sets / f"{split}.txt").write_text("\n".join(part))
    source = Images(pictures, labels=labels, size=16)
    assert [len(source.split(split)) for split in ("train", "val", "test")] == [6, 2, 2]  # type: ignore[arg-type]
    labels = write_yolo(pictures.parent)
    for split, part in (("train", stems[:6]), ("test", stems[6:])):
        for folder in (labels, pictures):
            (folder / split).mkdir()
        for stem in part:
            (labels / f"{stem}.txt").rename(labels / split / f"{stem}.txt")
            (pictures / f"{stem}.jpg").rename(pictures / split / f"{stem}.jpg")
    source = Images(pictures, labels=labels, size=16)
    assert [len(source.split(split)) for split in ("train", "test")] == [6, 4]  # type: ignore[arg-type]
    assert source.check() == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("l.xlsx", b"PK\x03\x04rest", "got a zip archive, as Excel's files are"),
        ("l.h5", b"\x89HDF\r\n\x1a\nrest", "got HDF5"),
        ("l.pkl", b"\x80\x04\x95rest", "got a Python pickle"),
        ("l.xml", b"<annotation></annotation>", "got XML; name the folder of such files"),
        ("l.parquet", b"PAR1broken", "expected a Parquet file"),
        ("l.json", b'{"a": 3}', "expected"),
    ],
)
def test_an_unknown_form_is_told_as_such(pictures: Path, name: str, content: bytes, message: str) -> None:
    path = pictures.parent / name
    path.write_bytes(content)
    with pytest.raises(BlockError, match=message) as error:
        Images(pictures, labels=path)
    assert "no such label" not in str(error.value)


def test_damaged_annotations_are_problems(pictures: Path) -> None:
    labels = write_voc(pictures.parent)
    (labels / "a0.xml").write_text("<annotation><filename>a0.jpg</filename>")
    (labels / "a1.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><annotation/>')
    problems = Images(pictures, labels=labels, size=16).check()
    assert len(problems) == 2
    assert all("expected an annotation as Pascal VOC's" in problem for problem in problems)
    labels = write_yolo(pictures.parent)
    (labels / "a0.txt").write_text("7 0.5 0.5 0.1 0.1\n")
    (problem,) = Images(pictures, labels=labels, size=16).check()
    assert (
        "a0.txt:1: expected the number of a class (0 cat and 1 dog), got `7`" in problem
        or "a0.txt:1: expected" in problem
    )


def test_yolo_without_names_is_told(pictures: Path) -> None:
    labels = write_yolo(pictures.parent)
    (pictures.parent / "data.yaml").unlink()
    with pytest.raises(BlockError, match="expected the names of the classes in one of data"):
        Images(pictures, labels=labels)
