"""The numbers of pictures that hold more than 8 bits for a colour, as their files have them."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

_WIDE = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
"""Modes of grey in more than 8 bits, which PIL would clip instead of scaling it."""
_TOPS = (1023, 4095, 16383)
"""Where colours of 16 bits go no further, the 8 high ones that PIL keeps are too few."""
_OTHER_BYTE = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
"""The order of bytes in which PIL takes the low one of two for the high one."""


def load_wide(image: Image.Image) -> NDArray[Any] | None:
    """Load a picture, where it is one of a file that was opened.

    Returns:
        ``h w`` or ``h w c`` numbers where 8 bits would not do, with the last of 4 channels for transparency; else None,
        and the picture as PIL has it will do.
    """
    data = _deep_file(image) if isinstance(image, ImageFile.ImageFile) else None
    image.load()
    if image.mode in _WIDE:
        return np.asarray(image)
    if data is None:
        return None
    high = np.asarray(image)
    top = next((top for top in _TOPS if high[..., :3].max(initial=0) <= top >> 8), None)
    return None if top is None else _combined(high, data, top)


def is_wide(image: Image.Image) -> bool:
    """Whether a picture that was opened, and not loaded yet, may hold more than 8 bits for a colour."""
    return image.mode in _WIDE or (isinstance(image, ImageFile.ImageFile) and _is_deep(image))


def _is_deep(image: ImageFile.ImageFile) -> bool:
    return image.mode in ("RGB", "RGBA") and any(";16" in _raw_mode(tile) for tile in image.tile)


def _raw_mode(tile: Any) -> str:
    """How PIL is to read a part of a file: ``RGB;16B``."""
    arguments = tile[3]
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _deep_file(image: ImageFile.ImageFile) -> bytes | None:
    """What is in a file of more than 8 bits for each of several colours; None of another."""
    if not _is_deep(image):
        return None
    assert image.fp is not None
    at = image.fp.tell()
    image.fp.seek(0)
    data: bytes = image.fp.read()
    image.fp.seek(at)
    return data


def _combined(high: NDArray[np.uint8], data: bytes, top: int) -> NDArray[Any]:
    """High and low bytes as numbers; where PIL cannot read the low ones, about these numbers.

    Args:
        high: ``h w c``.
        data: what is in the file.
        top: the greatest number that the file may hold, by its high bytes.
    """
    try:
        with Image.open(BytesIO(data)) as image:
            image.tile = [_swapped(tile) for tile in image.tile]
            low = np.asarray(image)
    except (ValueError, OSError):
        stretched = high * np.float64(top / (top >> 8))
        stretched[..., 3:] = high[..., 3:] * np.float64(257)
        return stretched
    numbers: NDArray[np.uint16] = high * np.uint16(256) + low
    return numbers


def _swapped(tile: Any) -> Any:
    """A part of a file to be read with bytes in the other order."""
    mode, arguments = _raw_mode(tile), tile[3]
    other = mode[:-1] + _OTHER_BYTE[mode[-1]]
    return tile._replace(args=(other, *arguments[1:]) if isinstance(arguments, tuple) else other)
