"""The user's files that the pages speak of, made up and small: pictures, label files, vectors, published data sets."""

from __future__ import annotations

import json
import random
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

LABELS = ("horse", "cow", "grass", "sky", "zebra", "okapi")
ALPHABETS = {"background": 14, "evaluation": 2}
"""In each half of Omniglot; each has three characters."""
TAGS = 36


def make_files(folder: Path) -> None:
    """Make all of them in a folder."""
    draw = random.Random(0)
    _pictures(folder, draw)
    _omniglot(folder / "OMNIGLOT", draw)
    _delicious(folder / "DELICIOUS", draw)
    _wordnet(folder / "WORDNET")
    words = {*LABELS, *(f"tag{number}" for number in range(TAGS))}
    for name, size in (("glove.6B.300d.txt", 300), ("glove.txt", 25)):
        lines = (f"{word} {' '.join(f'{draw.uniform(-1, 1):.3f}' for _ in range(size))}" for word in sorted(words))
        (folder / name).write_text("\n".join(lines))


def _picture(path: Path, draw: random.Random) -> None:
    pixels = np.random.default_rng(draw.randrange(2**32)).integers(0, 255, (32, 32, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _pictures(folder: Path, draw: random.Random) -> None:
    """``photos/`` with its label files, ``pictures/``, two single ones, and ``CLASSES/``."""
    rows = []
    for number in range(40):
        _picture(folder / "photos" / f"{number}.jpg", draw)
        chosen = draw.sample(LABELS[:4], 2) if number % 4 else draw.sample(LABELS, 2)
        split = ("train", "train", "val", "test")[number % 4 and draw.randrange(3)] if number % 4 else "test"
        rows.append(f"{number}.jpg,{';'.join(chosen)},{split}")
    (folder / "labels.csv").write_text("\n".join(["image,labels,split", *rows]))
    tests = [row.rsplit(",", 1)[0] for row in rows if row.endswith("test")]
    (folder / "test.csv").write_text("\n".join(["image,labels", *tests]))
    for name in ("photo.png", "picture.png", "pictures/a.png", "pictures/b.png"):
        _picture(folder / name, draw)
    for label in ("cup", "spoon", "plate", "fork", "knife"):
        for number in range(2):
            _picture(folder / "CLASSES" / label / f"{number}.png", draw)


def _omniglot(folder: Path, draw: random.Random) -> None:
    """Both halves, as published."""
    for half, count in ALPHABETS.items():
        for alphabet, character in product(range(count), range(1, 4)):
            place = folder / f"images_{half}" / f"Script_{half}_{alphabet}" / f"character{character:02}"
            place.mkdir(parents=True)
            for drawing in range(1, 11):
                pixels = np.ones((105, 105), bool)
                pixels[: draw.randrange(20, 80), : draw.randrange(20, 80)] = False
                Image.fromarray(pixels).save(place / f"{character:04}_{drawing:02}.png")


def _delicious(folder: Path, draw: random.Random) -> None:
    """Mulan's three files, and ``split.json`` beside them."""
    folder.mkdir()
    words = [f"word{number}" for number in range(20)]
    tags = [f"TAG_tag{number}" for number in range(TAGS)]
    header = [f"@attribute {name} {{0, 1}}" for name in (*words, *tags)]
    for part, count in (("train", 600), ("test", 200)):
        rows = [_sparse(draw, len(words), len(tags)) for _ in range(count)]
        text = "\n".join([f"@relation delicious_{part}", "", *header, "", "@data", *rows, ""])
        (folder / f"delicious-{part}.arff").write_text(text)
    named = "".join(f'<label name="{tag}"></label>' for tag in tags)
    (folder / "delicious.xml").write_text(f'<labels xmlns="http://mulan.sourceforge.net/labels">{named}</labels>')
    names = [tag.removeprefix("TAG_") for tag in tags]
    split = {"train": names[:12], "val": names[12:24], "test": names[24:]}
    (folder.parent / "split.json").write_text(json.dumps(split))


def _sparse(draw: random.Random, words: int, tags: int) -> str:
    """An example of some words and three tags that are nearly alike in number."""
    tag = draw.randrange(tags)
    group = tag - tag % 12
    chosen = {tag, *(group + draw.randrange(12) for _ in range(2))}
    found = sorted({draw.randrange(words) for _ in range(6)})
    return "{" + ",".join(f"{place} 1" for place in [*found, *(words + place for place in sorted(chosen))]) + "}"


def _wordnet(folder: Path) -> None:
    """A WordNet of two nouns."""
    folder.mkdir()
    for part in ("noun", "verb", "adj", "adv"):
        for name in (f"data.{part}", f"index.{part}", f"{part}.exc"):
            (folder / name).write_text("")
    (folder / "data.adj").write_text("  WordNet 9.9 Copyright\n")
    first = "00000000 03 n 01 entity 0 000 | a gloss\n"
    second = f"{len(first):08d} 03 n 02 dog 0 hound 0 001 @ 00000000 n 0000 | a gloss\n"
    (folder / "data.noun").write_text(first + second)
    places = {"dog": len(first), "entity": 0, "hound": len(first)}
    (folder / "index.noun").write_text("".join(f"{word} n 1 0 1 0 {at:08d}\n" for word, at in places.items()))
