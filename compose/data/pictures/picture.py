"""Pictures from files: whatever a camera or a program wrote, as upright RGB."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Float32
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from compose.data.folders import is_unread_picture
from compose.data.pictures.grey_range import GreyRange, range_of
from compose.data.pictures.png_chunks import essential
from compose.data.pictures.wide_numbers import is_wide, load_wide
from compose.data.source import DataError

_T = TypeVar("_T")

# Large pictures and odd metadata keep nobody from reading. Not in a context: those are not safe among threads.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class PictureError(DataError):
    """A picture that cannot be read.

    Args:
        path: the file.
        reason: what is wrong with it.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[type[PictureError], tuple[Path, str]]:
        return PictureError, (self.path, self.reason)


def open_picture(path: Path, *, at_least: int | None = None, white: float | None = None) -> Image.Image:
    """A picture as upright 8-bit RGB. Transparent parts are white; of several frames it is the first.

    Args:
        path: the file, in any format that PIL reads.
        at_least: the side in pixels below which detail is not needed: a JPEG may come at a half, a quarter or an
            eighth of its size, but not smaller than this, in a fraction of the time.
        white: the number that is white in a picture of more than 8 bits, or of decimals; where not given, it follows
            from the picture, see :mod:`compose.data.pictures.grey_range`.

    Raises:
        PictureError: the file is missing, empty, damaged, or no picture.
    """

    def opened(image: Image.Image) -> Image.Image:
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        return upright_rgb(image, white)

    return with_picture(path, opened)


def upright_rgb(image: Image.Image, white: float | None = None) -> Image.Image:
    """A picture of PIL's as :func:`open_picture` gives it."""
    numbers = load_wide(image)
    return _rgb(_upright(image if numbers is None else _bytes(image, numbers, white)))


def as_tensor(image: Image.Image) -> Float32[Tensor, "3 h w"]:
    """An RGB picture as a tensor in [0, 1]."""
    tensor: Tensor = transforms.to_dtype(transforms.pil_to_tensor(image), torch.float32, scale=True)
    return tensor


class Inspection(NamedTuple):
    """What a look at a picture's file shows.

    Args:
        fault: what is wrong with it, or None.
        scaled: the range of its numbers, where it has more than 8 bits or decimals and was read to its end.
    """

    fault: str | None
    scaled: GreyRange | None


def inspected(path: Path, *, decode: bool = True) -> Inspection:
    """What a look at a picture's file shows.

    Args:
        path: the file.
        decode: read it to its end, which finds files that were cut off; else only its header and, in formats that
            have them, checksums.
    """

    def look(image: Image.Image) -> GreyRange | None:
        if not decode:
            image.verify()
            return None
        image.draft(None, (1, 1))  # reads all data, but skips most of the arithmetic
        numbers = load_wide(image)
        return None if numbers is None else range_of(_colours(numbers))

    try:
        return Inspection(None, with_picture(path, look))
    except PictureError as error:
        return Inspection(error.reason, None)


def wide_range(path: Path) -> GreyRange | None:
    """The range of a picture's numbers, where it has more than 8 bits or decimals and can be read. Of any other picture
    only the header is read."""

    def look(image: Image.Image) -> GreyRange | None:
        numbers = load_wide(image) if is_wide(image) else None
        return None if numbers is None else range_of(_colours(numbers))

    try:
        return with_picture(path, look)
    except PictureError:
        return None


def with_picture(path: Path, use: Callable[[Image.Image], _T], *, data: bytes | None = None) -> _T:
    """What a function makes of an open picture.

    Args:
        path: the file.
        use: the function. It is called again where the picture could only be read without the texts in its file.
        data: what is in the file, where it was read already.

    Raises:
        PictureError: whatever fails on the way, in plain words.
    """
    try:
        with Image.open(_source(path) if data is None else BytesIO(data)) as image:
            return use(image)
    except FileNotFoundError:
        raise PictureError(path, "there is no such file") from None
    except Image.DecompressionBombError as error:
        raise PictureError(path, f"too many pixels ({error})") from None
    except IsADirectoryError:
        raise PictureError(path, "a folder, not a picture") from None
    except PermissionError:
        raise PictureError(path, "no permission to read it") from None
    except PictureError:
        raise
    except Exception as error:  # PIL's format readers raise whatever they stumble upon: struct.error, SyntaxError ...
        plain = essential(path.read_bytes() if data is None else data)
        if plain is not None:
            return with_picture(path, use, data=plain)
        raise PictureError(path, _damage(error, path, data)) from None


def _source(path: Path) -> Path:
    """The path of a file; a pipe or a device is none, and reading it might never end."""
    mode = os.stat(path).st_mode
    if not (S_ISREG(mode) or S_ISDIR(mode)):
        raise PictureError(path, "not a file")
    return path


def _damage(error: Exception, path: Path, data: bytes | None) -> str:
    if not isinstance(error, UnidentifiedImageError):
        return f"damaged picture ({error or type(error).__name__})"
    empty = not data if data is not None else os.path.getsize(path) == 0
    if is_unread_picture(path.name) and not empty:
        return f"a picture in a format that is not read here ({path.suffix})"
    return "empty file" if empty else "not a picture that can be read"


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; damaged EXIF data says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _bytes(image: Image.Image, numbers: NDArray[Any], white: float | None) -> Image.Image:
    """A picture in 8 bits, made of its numbers, with what else is known of it."""
    colours = _colours(numbers)
    scaled = range_of(colours, white).scaled(colours)
    if colours.shape != numbers.shape:
        opaque = numbers[..., -1:] / np.float64(65535)
        scaled = np.concatenate([scaled, (opaque * 255).round().astype(np.uint8)], axis=-1)
    made = Image.fromarray(scaled)
    made.info = {key: value for key, value in image.info.items() if key != "transparency"}  # a number of the file's
    return made


def _colours(numbers: NDArray[Any]) -> NDArray[Any]:
    """The numbers of the colours, without those of transparency."""
    return numbers[..., :-1] if numbers.ndim == 3 and numbers.shape[-1] == 4 else numbers


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")
