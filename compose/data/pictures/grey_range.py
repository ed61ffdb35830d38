"""Pictures of more than 8 bits, or of decimals: which of their numbers is black, and which is white.

No file says how many of its 16 or 32 bits a camera used. So it is told by the type of the numbers and by the greatest:
decimals up to 1 go from 0 to 1; other numbers go from 0 to the least of 255, 1,023, 4,095, 16,383 and 65,535 (8, 10,
12, 14 and 16 bits) that holds them all, and where none does, to the greatest of them. Where some are negative, they go
from the least to the greatest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt8
from numpy.typing import NDArray

from compose.errors import listed

_WHITES = tuple(2.0**bits - 1 for bits in (8, 10, 12, 14, 16))
_OVERSHOOT = 1.5
"""Decimals from 0 to 1 that were sharpened or resized reach a little further."""


class GreyRange(NamedTuple):
    """The numbers that are black and white; others are cut off."""

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:g} to {self.white:g}"

    def scaled(self, values: NDArray[Any]) -> UInt8[np.ndarray, "..."]:
        """Numbers as bytes; what is no number is black."""
        shares = (values.astype(np.float64) - self.black) / (self.white - self.black)
        return (np.nan_to_num(shares, posinf=1.0).clip(0, 1) * 255).round().astype(np.uint8)


def range_of(values: NDArray[Any], white: float | None = None) -> GreyRange:
    """The range of a picture's numbers.

    Args:
        values: the numbers.
        white: the number that is white, where that is known.
    """
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if white is not None:
        return GreyRange(0.0, white)
    if low < 0:
        return _of_both_signs(low, high, decimals=values.dtype.kind == "f")
    if values.dtype.kind == "f" and high < _OVERSHOOT:
        return GreyRange(0.0, 1.0)
    return GreyRange(0.0, next((top for top in _WHITES if high <= top), high))


def _of_both_signs(low: float, high: float, *, decimals: bool) -> GreyRange:
    if decimals and low >= -1 and high <= 1:
        return GreyRange(-1.0, 1.0)
    return GreyRange(low, high if high > low else low + 1)


def scaling_note(ranges: Iterable[GreyRange]) -> str:
    """What is said of the pictures that are scaled, in a line.

    Args:
        ranges: that of each; there is one at least.
    """
    times = Counter(ranges)
    count = times.total()
    what = "1 picture has" if count == 1 else f"{count:,} pictures have"
    line = f"{what} more than 8 bits, or decimals, and {'is' if count == 1 else 'are'} scaled"
    if len(times) == 1:
        return f"{line}: {next(iter(times))} is black to white"
    each = listed(sorted(times.items()), show=lambda pair: f"{pair[0]} in {pair[1]:,}")
    return f"{line}, each by its own range: {each} is black to white"
