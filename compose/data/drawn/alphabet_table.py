"""The characters of ``alphabets``, and which alphabets are for training, validation and test."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from compose.data.classes.single_label import ClassTable
from compose.data.drawn.glyph_table import code_points


@dataclass(frozen=True)
class AlphabetTable(ClassTable):
    """Characters, a class each; their alphabets are the parents.

    Args:
        points: the code point of each class.
    """

    points: tuple[int, ...] = ()


@cache
def alphabet_table() -> AlphabetTable:
    """The table that ships with the package.

    Of characters that look nearly the same, as the masks of their upright faces compare, only the first is in it;
    between splits also where one looks like the other when stretched.
    """
    rows = [tuple(line.split("\t")) for line in _lines()]
    classes = [(point, alphabet, split) for alphabet, split, text in rows for point in code_points(text)]
    points, alphabets, splits = zip(*classes, strict=True)
    names = tuple(unicodedata.name(chr(point)).lower() for point in points)
    return AlphabetTable(names, splits, alphabets, points=points)


def _lines() -> list[str]:
    return files(__package__).joinpath("alphabets.tsv").read_text("utf-8").splitlines()[1:]
