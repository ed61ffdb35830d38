"""Pictures from files: whatever a camera or a program wrote, as upright RGB."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float32
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from compose.data.source import DataError

_WIDE = ("I;16", "I;16L", "I;16B", "I;16N", "I")
"""Modes of 16-bit grey, which PIL would clip to 8 bits instead of scaling it."""

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


def open_picture(path: Path, *, at_least: int | None = None) -> Image.Image:
    """A picture as upright 8-bit RGB. Transparent parts are white; of several frames it is the first.

    Args:
        path: the file, in any format that PIL reads.
        at_least: the side in pixels below which detail is not needed: a JPEG may come at a half, a quarter or an
            eighth of its size, but not smaller than this, in a fraction of the time.

    Raises:
        PictureError: the file is missing, empty, damaged, or no picture.
    """
    with _reading(path) as image:
        if at_least is not None:
            image.draft(None, (at_least, at_least))
        image.load()
        return _rgb(_upright(image))


def as_tensor(image: Image.Image) -> Float32[Tensor, "3 h w"]:
    """An RGB picture as a tensor in [0, 1]."""
    tensor: Tensor = transforms.to_dtype(transforms.pil_to_tensor(image), torch.float32, scale=True)
    return tensor


def fault(path: Path, *, decode: bool = True) -> str | None:
    """What is wrong with a picture's file, or None.

    Args:
        path: the file.
        decode: read it to its end, which finds files that were cut off; else only its header and, in formats that
            have them, checksums.
    """
    try:
        with _reading(path) as image:
            if decode:
                image.draft(None, (1, 1))  # reads all data, but skips most of the arithmetic
                image.load()
            else:
                image.verify()
    except PictureError as error:
        return error.reason
    return None


@contextmanager
def _reading(path: Path) -> Iterator[Image.Image]:
    """An open picture; whatever fails on the way is a PictureError in plain words."""
    try:
        with Image.open(path) as image:
            yield image
    except FileNotFoundError:
        raise PictureError(path, "there is no such file") from None
    except UnidentifiedImageError:
        raise PictureError(path, "empty file" if _empty(path) else "not a picture that can be read") from None
    except Image.DecompressionBombError as error:
        raise PictureError(path, f"too many pixels ({error})") from None
    except IsADirectoryError:
        raise PictureError(path, "a folder, not a picture") from None
    except PermissionError:
        raise PictureError(path, "no permission to read it") from None
    except Exception as error:  # PIL's format readers raise whatever they stumble upon: struct.error, SyntaxError ...
        raise PictureError(path, f"damaged picture ({error or type(error).__name__})") from None


def _empty(path: Path) -> bool:
    return os.path.getsize(path) == 0


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF orientation says; damaged EXIF data says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _WIDE:
        return _eight_bits(np.asarray(image).astype(np.float64), top=65535.0).convert("RGB")
    if image.mode == "F":
        values = np.nan_to_num(np.asarray(image, np.float64))
        return _eight_bits(values, top=1.0 if values.max(initial=0) <= 1 else 255.0).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: np.ndarray, *, top: float) -> Image.Image:
    """Grey values from 0 to ``top`` as 8 bits."""
    return Image.fromarray((values.clip(0, top) * (255 / top)).round().astype(np.uint8))
