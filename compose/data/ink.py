"""Drawn characters as a model takes them: one channel, where paper is 0 and ink is 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8
from torch import Tensor

from compose.data.normalisation import Normalisation

INK = Normalisation((1.0, 1.0, 1.0), (-1.0, -1.0, -1.0))
"""Undone, it shows dark ink on white paper."""


def ink_of(grey: UInt8[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """A drawing in grey with ink 255 and paper 0, dark on light or light on dark: there is more paper than ink."""
    return 255 - grey if grey.mean() > 127.5 else grey


def read_ink(path: Path, size: int) -> Float32[Tensor, "1 h w"]:
    """The middle of a picture of ink on paper, be it dark on light or light on dark.

    Raises:
        PictureError: the picture cannot be read.
    """
    from compose.data.pictures.picture_view import read_picture

    grey = read_picture(path, size).mean(0, keepdim=True)
    return 1 - grey if grey.mean() > 0.5 else grey
