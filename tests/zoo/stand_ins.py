"""Tiny stand-ins for the files that the variants of the zoo name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

from PIL import Image

from compose.data.classes.imagenet_classes import ImageNetClasses

WORDS = [f"word{number}" for number in range(20)]
TAGS = [f"tag{number}" for number in range(12)]
PAGES = 240
"""Pages in each file: enough examples of every tag in every split for tasks of three tags."""
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


def _page(dice: Random) -> str:
    """Four words and three tags, as a sparse row."""
    carried = dice.sample(range(len(WORDS)), 4) + [len(WORDS) + tag for tag in dice.sample(range(len(TAGS)), 3)]
    return "{" + ",".join(f"{column} 1" for column in sorted(carried)) + "}"


def write_few_shot(folder: Path) -> None:
    """Folders as the few-shot variants want them, with as few pictures as their shapes need."""
    for half in ("background", "evaluation"):
        for alphabet in "ABCDEFG":
            characters = folder / "omniglot" / f"images_{half}" / alphabet / "character01"
            characters.mkdir(parents=True)
            Image.new("1", (105, 105), 1).save(characters / "0001_01.png")
    (folder / "cifar-100" / "cifar-100-python").mkdir(parents=True)
    for part in ("train", "test", "meta"):
        (folder / "cifar-100" / "cifar-100-python" / part).touch()
    (folder / "mini-imagenet").mkdir()
    for split, ids in {"train": ("n01532829", "n01558993"), "val": ("n01855672",), "test": ("n01930112",)}.items():
        rows = [f"{wordnet_id}.jpg,{wordnet_id}" for wordnet_id in ids]
        (folder / "mini-imagenet" / f"{split}.csv").write_text("\n".join(["filename,label", *rows, ""]))
        for wordnet_id in ids:
            Image.new("RGB", (84, 84)).save(folder / "mini-imagenet" / f"{wordnet_id}.jpg")


def write_pictures(folder: Path) -> None:
    """Folders as the variants `paper` want them, with two pictures."""
    for name in ("nus-wide", "coco"):
        pictures = folder / name
        pictures.mkdir()
        for picture in ("a.jpg", "b.jpg"):
            Image.new("RGB", (32, 24), "green").save(pictures / picture)
        (pictures / "labels.csv").write_text("image,labels\na.jpg,cat;dog\nb.jpg,dog;horse\n")
        (pictures / "unseen.txt").write_text("horse\n")


def write_glove(folder: Path) -> None:
    """Word vectors of the pictures' labels, of ImageNet's classes and of the tags."""
    dice = Random(0)
    names = " ".join(ImageNetClasses().labels.names)
    words = sorted({"cat", "dog", "horse", *TAGS, *re.findall(r"[^ _-]+", names.lower())})
    lines = [" ".join([word, *(f"{dice.gauss(0, 1):.2f}" for _ in range(300))]) for word in words]
    (folder / "glove.6B.300d.txt").write_text("\n".join([*lines, ""]))
