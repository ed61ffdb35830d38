"""Which of CIFAR-100's classes are for training, validation and test, by how near the test is to training."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal, cast

from compose.data.classes.single_label import ClassTable
from compose.data.source import Split

Difficulty = Literal["easy", "moderate", "hard"]


@cache
def meta_cifar100(difficulty: Difficulty, *, validation: bool = True) -> ClassTable:
    """The classes in CIFAR-100's order, their superclasses, and their splits."""
    lines = files(__package__).joinpath("cifar100.tsv").read_text("utf-8").splitlines()
    head, *rows = (line.split("\t") for line in lines)
    names, parents, *divisions = zip(*rows, strict=True)
    splits = divisions[head.index(difficulty) - 2]
    if not validation:
        splits = tuple("train" if split == "val" else split for split in splits)
    return ClassTable(names, cast(tuple[Split, ...], splits), parents)
