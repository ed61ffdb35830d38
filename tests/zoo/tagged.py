"""A small Delicious: the files that the variants of the specs on tagged pages name."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

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
