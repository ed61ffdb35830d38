"""What a model sees of a picture, and where a point of the picture comes to lie in that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray
from PIL import ExifTags, Image
from torch import Tensor

from compose.data.pictures.picture import PictureError, as_tensor, open_picture, with_picture

_TURNED, _MIRRORED, _OVERTURNED = (5, 6, 7, 8), (2, 3, 6, 7), (3, 4, 7, 8)
"""EXIF orientations that exchange the axes; those after which the stored right (bottom) or, where the axes are
exchanged, the stored bottom (right) is on the left (at the top)."""

_LONG = 8
"""How many times longer than wide a picture is that is cut before it is scaled; the result differs by rounding."""


@dataclass(frozen=True)
class View:
    """The part of an opened picture that becomes the model's square picture.

    Args:
        size: the side of the square.
        opened: width and height of the opened picture, which may be a fraction of the file's.
        part: left, top, width and height of the part, in pixels of the opened picture.
        flipped: whether left and right are exchanged then.
        at_least: what the picture was opened with, see :func:`compose.data.pictures.picture.open_picture`.
    """

    size: int
    opened: tuple[int, int]
    part: tuple[float, float, float, float]
    at_least: int
    flipped: bool = False

    def flip(self) -> View:
        """The same part with left and right exchanged."""
        return replace(self, flipped=not self.flipped)

    def boxes(
        self, sides: Float32[np.ndarray, "n 4"], whole: Whole, *, relative: bool
    ) -> tuple[Float32[np.ndarray, "k 4"], NDArray[np.bool_]]:
        """Boxes as the model sees them, cut off where its picture ends, and which of those given are in it at all.

        Args:
            sides: left, top, right and bottom in the picture.
            whole: the picture.
            relative: whether they are shares of its width and height; else they are its pixels.
        """
        points = sides.reshape(-1, 2, 2).astype(np.float64)  # n, first and last, x and y
        shares = points if relative else points / whole.size
        left, top, right, bottom = whole.extent
        opened = np.array([left, top]) + shares * np.array([right - left, bottom - top])
        seen = ((opened - self.part[:2]) * self.size / self.part[2:]).clip(0, self.size)
        if self.flipped:
            seen[..., 0] = self.size - seen[:, ::-1, 0]
        inside: NDArray[np.bool_] = (seen[:, 0] < seen[:, 1]).all(-1)
        return seen[inside].reshape(-1, 4).astype(np.float32), inside


@dataclass(frozen=True)
class Whole:
    """A picture, upright.

    Args:
        size: its width and height in pixels.
        extent: left, top, right and bottom of it in the opened picture. Where that is an eighth of the file's size,
            say, its last pixels may be filled in part only, on whichever side the orientation turns them to.
    """

    size: tuple[int, int]
    extent: tuple[float, float, float, float]


def view_picture(
    path: Path, size: int, *, margin: float = 1.0, squash: bool = False, white: float | None = None
) -> tuple[Float32[Tensor, "3 h w"], View]:
    """The middle of a picture, in [0, 1], and what is seen of it.

    Args:
        path: the file.
        size: height and width of the result.
        margin: the shorter side is scaled to ``margin * size`` before the middle is cut out.
        squash: scale height and width to ``size`` each instead, and cut nothing off.
        white: the number that is white in a picture of more than 8 bits, see :func:`open_picture`.

    Raises:
        PictureError: the file is missing, empty, damaged, or no picture.
    """
    short = round(size * margin)
    image = open_picture(path, at_least=short, white=white)
    width, height = image.size
    scale = short / min(width, height)
    across, down = max(short, round(width * scale)), max(short, round(height * scale))
    if squash:
        across = down = size
    left, top = round((across - size) / 2), round((down - size) / 2)
    x, y = width / across, height / down  # of the opened picture, for one pixel of the resized one
    view = View(size, (width, height), (left * x, top * y, size * x, size * y), short)
    if max(across, down) > _LONG * short:  # enlarged as a whole, a picture of 20,000 x 1 takes gigabytes
        part = (left * x, top * y, min(width, (left + size) * x), min(height, (top + size) * y))
        return as_tensor(image.resize((size, size), Image.Resampling.BICUBIC, box=part)), view
    image = image.resize((across, down), Image.Resampling.BICUBIC)
    return as_tensor(image.crop((left, top, left + size, top + size))), view


def read_picture(path: Path, size: int, *, margin: float = 1.0, squash: bool = False) -> Float32[Tensor, "3 h w"]:
    """The middle of a picture, in [0, 1]; arguments and errors are those of :func:`view_picture`."""
    return view_picture(path, size, margin=margin, squash=squash)[0]


def whole_picture(path: Path, view: View) -> Whole:
    """The picture that is seen in a view. Only a JPEG's header is read: other formats are opened in full size."""

    def header(image: Image.Image) -> tuple[tuple[int, int], Any, int]:
        size = image.size
        drafted = image.draft(None, (view.at_least, view.at_least))
        return size, drafted, 1 if drafted is None else _orientation(image)

    size, drafted, orientation = with_picture(path, header)
    if drafted is None:
        return Whole(view.opened, (0, 0, *view.opened))
    across, down = drafted[1][2:]  # how much of the opened picture is filled
    if orientation in _TURNED:
        size, across, down = (size[1], size[0]), down, across
    width, height = view.opened
    left = width - across if orientation in _MIRRORED else 0
    top = height - down if orientation in _OVERTURNED else 0
    return Whole(size, (left, top, left + across, top + down))


def upright_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an upright picture; None if it cannot be read."""

    def upright(image: Image.Image) -> tuple[int, int]:
        width, height = image.size
        turned = width != height and _orientation(image) in _TURNED
        return (height, width) if turned else (width, height)

    try:
        return with_picture(path, upright)
    except PictureError:  # what is wrong with it is told elsewhere
        return None


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; damaged EXIF data says nothing."""
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        return 1
