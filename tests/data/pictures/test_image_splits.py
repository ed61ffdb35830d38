from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compose.data.pictures.annotations import UNLISTED, Annotations
from compose.data.pictures.image_splits import Division, divide
from compose.data.pictures.picture_identity import identities


def annotations(*rows: tuple[str, str, str]) -> Annotations:
    """Rows of picture, label and split."""
    found = Annotations()
    found.files.append(Path("l.csv"))
    for line, (image, label, split) in enumerate(rows, 2):
        found.add(image, [found.number(label, line)], [1], rest=UNLISTED, split=split, line=line)
    return found


THIRDS = (0.5, 0.25, 0.25)


def divided(rows: Annotations, *, fractions: tuple[float, float, float] = THIRDS, seed: int = 0) -> Division:
    return divide(rows, identities(Path(), rows.images), fractions=fractions, seed=seed)


def test_named_splits_hold() -> None:
    division = divided(
        annotations(("a", "x", "train"), ("b", "x", "test"), ("c", "x", "train")), fractions=THIRDS, seed=0
    )
    assert {split: rows.tolist() for split, rows in division.rows.items()} == {"train": [0, 2], "val": [], "test": [1]}


def test_a_lot_has_the_shares_and_depends_on_names_and_seed() -> None:
    names = [f"{i}.jpg" for i in range(200)]
    rows = annotations(*((name, "x", "") for name in names))
    turned = annotations(*((name, "x", "") for name in reversed(names)))
    drawn = divided(rows, fractions=THIRDS, seed=0).rows
    assert {split: len(of_split) for split, of_split in drawn.items()} == {"train": 100, "val": 50, "test": 50}
    assert sorted(np.concatenate(list(drawn.values())).tolist()) == list(range(200))
    again = divided(turned, fractions=THIRDS, seed=0).rows
    assert {names[i] for i in drawn["val"]} == {names[199 - i] for i in again["val"]}
    assert drawn["val"].tolist() != divided(rows, fractions=THIRDS, seed=1).rows["val"].tolist()


@pytest.mark.parametrize(("count", "sizes"), [(1, [1, 0, 0]), (5, [4, 0, 1]), (10, [8, 1, 1])])
def test_the_shares_of_few_pictures(count: int, sizes: list[int]) -> None:
    rows = annotations(*((str(i), "x", "") for i in range(count)))
    drawn = divided(rows, fractions=(0.8, 0.1, 0.1), seed=0).rows
    assert [len(of_split) for of_split in drawn.values()] == sizes


def test_a_picture_that_is_listed_again_is_used_once() -> None:
    division = divided(annotations(("a", "x", ""), ("./a", "x", "")), fractions=(1, 0, 0), seed=0)
    assert division.rows["train"].tolist() == [0]
    assert [str(note) for note in division.notes] == ["l.csv:3: ./a is listed already at l.csv:2, as a; used once"]
    assert division.problems == []


def test_contradictions_are_problems() -> None:
    division = divided(
        annotations(
            ("a", "x", "train"),
            ("a", "y", "train"),
            ("b", "x", "train"),
            ("b", "x", "test"),
            ("c", "x", ""),
            ("c", "x", "val"),
        ),
        fractions=THIRDS,
        seed=0,
    )
    assert [str(problem) for problem in division.problems] == [
        "l.csv:3: a has other labels at l.csv:2",
        "l.csv:5: b is in `test`, and in `train` at l.csv:4",
        "l.csv:7: c is in `val`, and in `no split` at l.csv:6",
        "l.csv:6: no split is named, as it is for other pictures",
    ]
