"""Omniglot as it is distributed: two halves of alphabets, as folders or as the zip files they come in."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray
from PIL import Image

from compose.data.folders import entries_of, folders_in, zipped_files
from compose.data.ink import ink_of
from compose.data.pictures.picture import PictureError, upright_rgb, with_picture

HALVES = ("images_background", "images_evaluation")


@dataclass(frozen=True)
class Character:
    """A character's drawings.

    Args:
        alphabet: its alphabet.
        name: its name there: ``character01``.
        half: the folder, or the zip file, of its half of the data.
        files: its drawings within the half, in order.
    """

    alphabet: str
    name: str
    half: Path
    files: tuple[str, ...]


def find_half(folder: Path, name: str) -> Path | None:
    """The folder or the zip file of a half; torchvision keeps them in a folder ``omniglot-py``."""
    places = [Path(above, name + ending) for above in (folder, folder / "omniglot-py") for ending in ("", ".zip")]
    return next((place for place in places if place.exists()), None)


def characters(half: Path) -> list[Character]:
    """The characters of a half in the order of their names.

    Raises:
        zipfile.BadZipFile: it is no zip file.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for file in sorted(_files(half)):
        *_, alphabet, name, _picture = file.split("/")
        found.setdefault((alphabet, name), []).append(file)
    return [Character(alphabet, name, half, tuple(files)) for (alphabet, name), files in sorted(found.items())]


def _files(half: Path) -> Iterator[str]:
    """The pictures of a half as ``ALPHABET/CHARACTER/PICTURE.png``, perhaps with folders before it."""
    if half.is_dir():
        yield from (path.relative_to(half).as_posix() for path in drawings_in(half))
        return
    with zipfile.ZipFile(half) as archive:
        yield from (file for file in zipped_files(archive) if file.endswith(".png") and file.count("/") >= 2)


def drawings_in(half: Path) -> Iterator[Path]:
    """The files ``ALPHABET/CHARACTER/PICTURE.png`` in a folder."""
    alphabets = folders_in(half)
    inside = (file for alphabet in alphabets for character in folders_in(alphabet) for file in entries_of(character))
    return (file for file in inside if file.suffix == ".png")


def read_drawings(drawings: list[Character], size: int) -> tuple[list[UInt8[np.ndarray, "n h w"]], list[PictureError]]:
    """For each character its drawings, ink 255 and paper 0, and what cannot be read."""
    pictures: list[NDArray[np.uint8]] = []
    errors: list[PictureError] = []
    with ExitStack() as stack:  # opening a zip file lists all of it, so that each is opened once
        archives = {half: stack.enter_context(zipfile.ZipFile(half)) for half in _zips(drawings)}
        for character in drawings:
            read = []
            for file in character.files:
                try:
                    read.append(_ink(character.half, file, archives.get(character.half), size))
                except PictureError as error:
                    errors.append(error)
            pictures.append(np.stack(read) if read else np.zeros((0, size, size), np.uint8))
    return pictures, errors


def _zips(drawings: list[Character]) -> set[Path]:
    return {half for half in {character.half for character in drawings} if half.is_file()}


def _ink(half: Path, file: str, archive: zipfile.ZipFile | None, size: int) -> UInt8[np.ndarray, "h w"]:
    def grey(image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(upright_rgb(image).convert("L").resize((size, size), Image.Resampling.BILINEAR))

    try:
        data = None if archive is None else archive.read(file)
    except Exception as error:  # zlib and zipfile raise whatever they stumble upon
        raise PictureError(half / file, f"damaged picture ({error})") from None
    return ink_of(with_picture(half / file, grey, data=data))
