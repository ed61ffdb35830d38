"""Tiny stand-ins for the files that the variants of the zoo name."""

from __future__ import annotations

import hashlib
import json
import pickle
import re
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import CIFAR100

from compose.data.classes.cifar100 import meta_cifar100
from compose.data.classes.imagenet_classes import ImageNetClasses
from tests.data.publishers.published import coco_folder, nus_wide_folder, open_images_folder

WORDS = [f"word{number}" for number in range(20)]
TAGS = [f"tag{number}" for number in range(12)]
PAGES = 240
"""Pages in each file: enough examples of every tag in every split for tasks of three tags."""
DRAWINGS = 12
"""Pictures of each class: enough for tasks of five shots."""
PHOTOGRAPHED = {
    "train": ("n01440764", "n01443537", "n01484850", "n01491361", "n01494475"),
    "val": ("n01496331", "n01498041", "n01514668", "n01514859", "n01518878"),
    "test": ("n01530575", "n01531178", "n01532829", "n01534433", "n01537544"),
}
DIMS = {"glove.txt": 25, "glove.6B.300d.txt": 300}


def write_delicious(folder: Path) -> None:
    """A folder of Mulan's files, a label split, and word vectors."""
    (folder / "delicious").mkdir()
    dice = Random(0)
    columns = [*WORDS, *(f"TAG_{tag}" for tag in TAGS)]
    header = [f"@attribute {name} {{0,1}}" for name in columns]
    for part in ("train", "test"):
        lines = ["@relation pages", *header, "@data", *(_page(dice) for _ in range(PAGES)), ""]
        (folder / "delicious" / f"delicious-{part}.arff").write_text("\n".join(lines))
    labels = "".join(f'<label name="TAG_{tag}"></label>' for tag in TAGS)
    (folder / "delicious" / "delicious.xml").write_text(f"<labels>{labels}</labels>")
    (folder / "split.json").write_text(json.dumps({"train": TAGS[:6], "val": TAGS[6:9], "test": TAGS[9:]}))
    for name, dim in DIMS.items():
        lines = [" ".join([tag, *(f"{dice.gauss(0, 1):.3f}" for _ in range(dim))]) for tag in TAGS]
        (folder / name).write_text("\n".join([*lines, ""]))


def write_photos(folder: Path) -> None:
    """A label table of photos that nobody reads, two of many labels each."""
    (folder / "photos").mkdir()
    rows = [f"{number}.jpg,label{number % 40};label{7 * number % 40}" for number in range(400)]
    (folder / "photos" / "labels.csv").write_text("\n".join(["image,labels", *rows, ""]))


def _page(dice: Random) -> str:
    """Four words and three tags, as a sparse row."""
    carried = dice.sample(range(len(WORDS)), 4) + [len(WORDS) + tag for tag in dice.sample(range(len(TAGS)), 3)]
    return "{" + ",".join(f"{column} 1" for column in sorted(carried)) + "}"


def write_few_shot(folder: Path) -> None:
    """Folders as the few-shot variants want them, with as few pictures as their episodes need."""
    for half in ("background", "evaluation"):
        for alphabet in "ABCDEFG":
            characters = folder / "omniglot" / f"images_{half}" / alphabet / "character01"
            characters.mkdir(parents=True)
            for number in range(DRAWINGS):
                Image.new("1", (105, 105), 1).save(characters / f"0001_{number:02}.png")
    (folder / "cifar-100" / "cifar-100-python").mkdir(parents=True)
    names = meta_cifar100("easy").names
    labels = [number for number in range(len(names)) for _ in range(DRAWINGS // 2)]
    pictures = np.zeros((len(labels), 3 * 32 * 32), np.uint8)
    part = {"data": pictures, "fine_labels": labels, "coarse_labels": [0] * len(labels)}
    for file, content in {"train": part, "test": part, "meta": {"fine_label_names": list(names)}}.items():
        (folder / "cifar-100" / "cifar-100-python" / file).write_bytes(pickle.dumps(content))
    (folder / "mini-imagenet").mkdir()
    for split, ids in PHOTOGRAPHED.items():
        images = {f"{wordnet_id}_{number}.jpg": wordnet_id for wordnet_id in ids for number in range(DRAWINGS)}
        rows = [f"{image},{wordnet_id}" for image, wordnet_id in images.items()]
        (folder / "mini-imagenet" / f"{split}.csv").write_text("\n".join(["filename,label", *rows, ""]))
        for image in images:
            Image.new("RGB", (84, 84)).save(folder / "mini-imagenet" / image)


def publish_cifar100(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell torchvision the checksums of the files that stand in for CIFAR-100's."""
    files = folder / "cifar-100" / "cifar-100-python"
    sums = {part: hashlib.md5((files / part).read_bytes()).hexdigest() for part in ("train", "test", "meta")}
    for part in ("train", "test"):
        monkeypatch.setattr(CIFAR100, f"{part}_list", [[part, sums[part]]])
    monkeypatch.setattr(CIFAR100, "meta", {"filename": "meta", "key": "fine_label_names", "md5": sums["meta"]})


def write_pictures(folder: Path) -> None:
    """NUS-WIDE, COCO and Open Images in the publishers' layouts, with enough pictures for every split to have some."""
    nus_wide_folder(folder / "nus-wide", train=40, test=16)
    coco_folder(folder / "coco", train=40, test=16)
    open_images_folder(folder / "open-images", train=20, held=8)


def write_glove(folder: Path) -> None:
    """Word vectors of some of ImageNet's classes and of the tags; other labels are made of them, or given the mean."""
    dice = Random(0)
    names = " ".join(ImageNetClasses().labels.names)
    words = sorted({"cat", "dog", "horse", *TAGS, *re.findall(r"[^ _-]+", names.lower())})
    lines = [" ".join([word, *(f"{dice.gauss(0, 1):.2f}" for _ in range(300))]) for word in words]
    (folder / "glove.6B.300d.txt").write_text("\n".join([*lines, ""]))
