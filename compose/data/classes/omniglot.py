"""The data source ``omniglot``: Lake's 1,623 handwritten characters of 50 alphabets."""

from __future__ import annotations

import zipfile
from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from pydantic import Field

from compose.block import BlockError, data
from compose.data.classes.omniglot_files import (
    HALVES,
    Character,
    characters,
    drawings_in,
    find_half,
    read_drawings,
)
from compose.data.classes.single_label import ClassSource, ClassTable, too_few
from compose.data.classes.stored_pictures import Distorted, StoredPictures
from compose.data.counter_random import by_lot
from compose.data.folders import entries_of
from compose.data.ink import INK
from compose.data.picture_reader import PictureReader
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.reader_source import ReaderSource
from compose.data.source import Count, DataError, Split

_MIXED = 1
_TURNS = ("", "/rot090", "/rot180", "/rot270")


@data
class Omniglot(ReaderSource, ClassSource):
    """Omniglot's handwritten characters, a class each, 20 drawings of each; the alphabet is the parent.

    `folder` holds `images_background` and, for the test, `images_evaluation`: as folders, or as the zip files that can
    be downloaded. Validation takes alphabets of the background. Where there is no evaluation half, `test_alphabets`
    says which alphabets of the background are the test; where there is nothing else, be it a half or a folder of
    alphabets itself, all of it is the test. Pictures have one channel, in which paper is 0 and ink is 1, and are kept
    in memory.

    Args:
        folder: where the two halves are; where not given, `omniglot` in the folder that `COMPOSE_DATA` or `--data-root`
            names.
        size: the side of the pictures in pixels; the files have 105.
        rotations: whether each character turned by 90, 180 and 270 degrees is a class of its own, as is usual.
        val_alphabets: the alphabets of the background for validation: names, or how many to draw by `seed`.
        test_alphabets: the alphabets of the background for the test, likewise; where not given, the evaluation half.
        train_characters: how many characters of both halves, drawn by `seed` from all alphabets alike, are trained on;
            all others are the test, and there is no validation. Vinyals et al. (2016) train on 1,200 of the 1,623.
        distort: how much training drawings are distorted, another way in every epoch; 1 is up to 10 degrees of
            rotation, 12% of each side, a slant of 0.15 and a shift of 7% of the side.
        seed: another seed draws other alphabets, and other distortions.
    """

    normalisation = INK
    gives = ("image", "parents.targets")
    publication = Publication(
        title="Omniglot",
        folder="omniglot",
        page="the repository omniglot of Brenden Lake, folder python",
        files=(
            PublishedFile(
                ("images_background.zip", "images_background", "omniglot-py/images_background"),
                "964 characters of 30 alphabets, 20 drawings of each",
                9,
            ),
            PublishedFile(
                ("images_evaluation.zip", "images_evaluation", "omniglot-py/images_evaluation"),
                "659 characters of 20 alphabets, 20 drawings of each",
                6,
                optional="the test",
            ),
        ),
        counts={"labels": 6_492, "test": 52_720},
    )

    def __init__(
        self,
        folder: Path | None = None,
        *,
        size: Annotated[int, Field(ge=16, le=105)] = 28,
        rotations: bool = True,
        val_alphabets: Count | list[str] = 5,
        test_alphabets: Count | list[str] | None = None,
        train_characters: Count | None = None,
        distort: Annotated[float, Field(ge=0, le=3)] = 0.0,
        seed: int = 0,
    ) -> None:
        self._size, self._turns = size, len(_TURNS) if rotations else 1
        self._distort, self._seed = distort, seed
        folder = data_folder(None, self.publication.folder) if folder is None else Path(folder).expanduser()
        division = (
            _by_alphabet(folder, val_alphabets, test_alphabets, seed)
            if train_characters is None
            else _mixed(folder, train_characters, seed)
        )
        self._characters = [character for character, _ in division]
        classes = [(c, split, turn) for c, split in division for turn in _TURNS[: self._turns]]
        self._table = ClassTable(
            tuple(f"{c.alphabet}/{c.name}{turn}" for c, _, turn in classes),
            tuple(split for _, split, _ in classes),
            tuple(c.alphabet for c, _, _ in classes),
        )

    @property
    def table(self) -> ClassTable:
        """The characters and their alphabets."""
        return self._table

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape."""
        return {"image": (1, self._size, self._size)}

    def split(self, name: Split) -> StoredPictures:
        """The examples of a split.

        Raises:
            DataError: a picture cannot be read.
        """
        pictures, problems = self._read
        if problems:
            raise DataError("\n".join(problems))
        columns = self.table.columns(name)[:: self._turns]
        if not len(columns):
            raise DataError(f"there are no alphabets in the split `{name}`")
        chosen = [pictures[column // self._turns] for column in columns]
        stored = torch.from_numpy(np.concatenate(chosen))[:, None]
        classes = np.repeat(columns, [len(part) for part in chosen])
        if name == "train" and self._distort:
            return Distorted(
                stored,
                classes,
                count=len(self.table.names),
                turns=self._turns,
                strength=self._distort,
                seed=self._seed,
            )
        return StoredPictures(stored, classes, count=len(self.table.names), turns=self._turns)

    def check(self) -> list[str]:
        """Read every picture; a line for each that is damaged, and for each character with too few."""
        return [
            *self._read[1],
            *too_few(self.table, [len(c.files) for c in self._characters for _ in range(self._turns)]),
        ]

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.ink(self._size)

    @cached_property
    def _read(self) -> tuple[list[np.ndarray], list[str]]:
        """Read when the first split is asked for, and once."""
        pictures, errors = read_drawings(self._characters, self._size)
        return pictures, [str(error) for error in errors]


def _by_alphabet(
    folder: Path, val: int | list[str], test: int | list[str] | None, seed: int
) -> list[tuple[Character, Split]]:
    """The split of each character, that of its alphabet."""
    background, evaluation = _halves(folder, evaluation=test is None)
    places = _divided(sorted({c.alphabet for c in background}), val, test, seed) if background else {}
    return [*((c, places.get(c.alphabet, "train")) for c in background), *((c, "test") for c in evaluation)]


def _mixed(folder: Path, count: int, seed: int) -> list[tuple[Character, Split]]:
    """The split of each character of both halves, by lot."""
    found, alone = _halves(folder, evaluation=False)
    evaluation = find_half(folder, HALVES[1])
    everything = [*found, *alone, *(_characters(evaluation) if found and evaluation else [])]
    if count >= len(everything):
        message = f"expected characters left to test on, but there are {len(everything):,} in all"
        raise BlockError(message, parameter="train_characters")
    trained = set(by_lot((seed, _MIXED), range(len(everything)))[:count].tolist())
    return [(c, "train" if place in trained else "test") for place, c in enumerate(everything)]


def _halves(folder: Path, *, evaluation: bool) -> tuple[list[Character], list[Character]]:
    """The characters of the background, and those of the evaluation half where that is asked for."""
    if not folder.is_dir():
        raise BlockError(f"there is no folder {folder}", parameter="folder")
    background, tested = (find_half(folder, name) for name in HALVES)
    if background is None:
        alone = tested or (folder if any(drawings_in(folder)) else None)
        if alone is None:
            there = ", ".join(path.name for path in entries_of(folder)[:8]) or "nothing"
            message = f"expected `images_background` or `images_background.zip` in {folder}, got {there}"
            raise BlockError(message, parameter="folder")
        return [], _characters(alone)
    if tested is None and evaluation:
        message = f"there is no `images_evaluation` in {folder}: expected the alphabets of the background to test on"
        raise BlockError(message, parameter="test_alphabets")
    return _characters(background), _characters(tested) if evaluation and tested else []


def _characters(half: Path) -> list[Character]:
    try:
        found = characters(half)
    except (zipfile.BadZipFile, OSError) as error:
        raise BlockError(f"{half}: cannot be read ({error})", parameter="folder") from None
    if not found:
        raise BlockError(f"{half}: expected pictures ALPHABET/CHARACTER/*.png, but there are none", parameter="folder")
    return found


def _divided(alphabets: list[str], val: int | list[str], test: int | list[str] | None, seed: int) -> dict[str, Split]:
    """The split of each alphabet that is kept from training; those asked for by name are taken first."""
    places: dict[str, Split] = {}
    shuffled = [alphabets[place] for place in by_lot((seed,), range(len(alphabets)))]
    asked: list[tuple[Split, int | list[str]]] = [("val", val), ("test", [] if test is None else test)]
    for split, which in sorted(asked, key=lambda pair: isinstance(pair[1], int)):
        names = [name for name in shuffled if name not in places]
        for name in names[:which] if isinstance(which, int) else which:
            if name not in names:
                raise BlockError(_strange(name, alphabets, places), parameter=f"{split}_alphabets")
            places[name] = split
        if len(places) >= len(alphabets):
            message = f"expected alphabets left to train on, but all {len(alphabets)} of the background are taken"
            raise BlockError(message, parameter=f"{split}_alphabets")
    return places


def _strange(name: str, alphabets: list[str], places: dict[str, Split]) -> str:
    if name in places:
        return f"`{name}` is an alphabet of `{places[name]}` already"
    return f"`{name}` is no alphabet of the background; there are {', '.join(alphabets)}"
