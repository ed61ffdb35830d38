"""Drawn characters as a model takes them: one channel, where paper is 0 and ink is 1."""

from __future__ import annotations

from pathlib import Path

from jaxtyping import Float32
from torch import Tensor

from compose.data.normalisation import Normalisation

INK = Normalisation((1.0, 1.0, 1.0), (-1.0, -1.0, -1.0))
"""Undone, it shows dark ink on white paper."""


def read_ink(path: Path, size: int) -> Float32[Tensor, "1 h w"]:
    """The middle of a picture of dark ink on light paper.

    Raises:
        PictureError: the picture cannot be read.
    """
    from compose.data.picture_view import read_picture

    return 1 - read_picture(path, size).mean(0, keepdim=True)
