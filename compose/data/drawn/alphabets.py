"""The data source ``alphabets``: characters of the DejaVu fonts, a class each, drawn as they are asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Annotated

import numpy as np
import torch
from jaxtyping import Float32, Int64
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, data
from compose.data.classes.single_label import FEWEST, ClassExamples, ClassSource, ClassTable
from compose.data.counter_random import Dice
from compose.data.drawn.character_drawing import CharacterStrokes, Hand
from compose.data.drawn.glyph_table import code_points
from compose.data.ink import INK
from compose.data.picture_reader import PictureReader
from compose.data.reader_source import ReaderSource
from compose.data.source import LabelTable, Share, Split

_STREAMS: dict[Split, int] = {"train": 7, "val": 8, "test": 9}
"""Tells the splits' random numbers apart, and those of other drawn sources with the same seed."""
_CHUNK = 64
"""Characters that are drawn at a time."""


@data
class Alphabets(ReaderSource, ClassSource):
    """Drawings of 1,617 characters of 27 alphabets in upright, oblique, light and bold faces, each distorted anew.

    The alphabet is the parent of its characters. As in Omniglot, whole alphabets are kept for the test: 215 characters
    of 9 alphabets, such as Armenian, Hebrew and Tifinagh. 140 characters of 5 alphabets are for validation and 1,262 of
    13 alphabets, Latin and Cyrillic among them, for training. A character that looks nearly like another, as the Greek
    capital alpha does, is left out. Pictures have one channel, in which paper is 0 and ink is 1.

    Args:
        size: the side of the pictures in pixels.
        drawings: drawings of each character in an epoch.
        seed: another seed gives other drawings.
        fresh: whether every epoch has training drawings of its own; if not, all epochs share those of the first.
        scale: the least and the greatest length of a character's longer side, as a share of the picture's.
        rotation: how far characters are turned to either side at most, in degrees.
        slant: how far they are sheared to either side at most; 1 is 45 degrees.
        stretch: how much wider or narrower they become at most, as a share.
        bend: how far their parts are moved at most, as a share of the picture's side.
        stroke: how much thinner or thicker strokes become at most; 1 is a thirtieth of a character's size.
        all_seen: whether all characters are seen and every split draws all of them: plain classification.
    """

    normalisation = INK
    gives = ("image", "parents.targets")

    beside_test = frozenset({"fresh"})

    def __init__(
        self,
        *,
        size: Annotated[int, Field(ge=16, le=256)] = 28,
        drawings: Annotated[int, Field(ge=FEWEST, le=100_000)] = 20,
        seed: int = 0,
        fresh: bool = True,
        scale: tuple[float, float] = (0.65, 0.9),
        rotation: Annotated[float, Field(ge=0, le=180)] = 12.0,
        slant: Share = 0.2,
        stretch: Share = 0.25,
        bend: Annotated[float, Field(ge=0, le=0.25)] = 0.05,
        stroke: Share = 0.5,
        all_seen: bool = False,
    ) -> None:
        if not 0.2 <= scale[0] <= scale[1] <= 1:
            message = f"expected two shares from 0.2 to 1, the lesser first, got {list(scale)}"
            raise BlockError(message, parameter="scale")
        self.drawings, self.seed, self.fresh, self.all_seen = drawings, seed, fresh, all_seen
        self.hand = Hand(size, scale, rotation, slant, stretch, bend, stroke)

    @property
    def table(self) -> AlphabetTable:
        """The characters and their alphabets."""
        return alphabet_table()

    @property
    def labels(self) -> LabelTable:
        """All characters; those of validation and test are unseen, unless ``all_seen``."""
        labels = super().labels
        return replace(labels, seen=(True,) * len(labels.names)) if self.all_seen else labels

    def columns(self, split: Split) -> Int64[np.ndarray, " classes"]:
        """The characters that a split draws."""
        return np.arange(len(self.table.names)) if self.all_seen else self.table.columns(split)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape."""
        return {"image": (1, self.hand.size, self.hand.size)}

    def split(self, name: Split) -> Drawings:
        """The examples of a split: all characters once, then all once more, and so on."""
        return Drawings(self, name)

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.ink(self.hand.size)


class Drawings(ClassExamples):
    """A split of drawn characters.

    Args:
        source: the settings.
        split: which alphabets are drawn.
    """

    def __init__(self, source: Alphabets, split: Split) -> None:
        self._columns = source.columns(split)
        super().__init__(np.tile(self._columns, source.drawings), len(source.table.names))
        self._hand, self._points = source.hand, tuple(source.table.points[column] for column in self._columns)
        self._seeds, self._fresh = (source.seed, _STREAMS[split]), source.fresh and split == "train"

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b 1 h w"]:
        """The drawings of a batch."""
        strokes = _strokes(self._points, self._hand.size * self._hand.scale[1])
        numbers = np.asarray(indices, np.int64) if self._fresh else rows
        starts = range(0, max(1, len(rows)), _CHUNK)
        parts = [(rows[i : i + _CHUNK] % len(self._columns), numbers[i : i + _CHUNK]) for i in starts]
        drawn = [self._hand.draw(which, strokes, Dice(self._seeds, streams.tolist())) for which, streams in parts]
        return torch.cat(drawn)


@cache
def _strokes(points: tuple[int, ...], pixels: float) -> CharacterStrokes:
    """Cut on first use, and once for all sources alike: whoever only wants the classes waits for no font."""
    return CharacterStrokes(points, pixels)


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
