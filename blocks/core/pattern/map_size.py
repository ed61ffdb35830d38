"""Parameters that say how large a map becomes."""

from __future__ import annotations

from compose.block import BlockError

Pair = int | tuple[int, int]
"""One number for height and width, or one for each."""


def pair(value: Pair) -> tuple[int, int]:
    """Height and width of a parameter that may have one number for both."""
    return value if isinstance(value, tuple | list) else (value, value)


def check_pool(window: Pair | None, stride: Pair | None, padding: Pair | None, size: Pair | None) -> None:
    """Refuse a window and a size together, and neither.

    Raises:
        BlockError: they do not go together.
    """
    if (window is None) == (size is None):
        told = "neither is there" if size is None else "both are there"
        raise BlockError(f"expected `window` or `size`: {told}", parameter="window" if window else None)
    unused = "stride" if stride is not None else "padding"
    if size is not None and (stride is not None or padding):
        raise BlockError(
            f"expected no `{unused}` beside `size`, which says how far apart windows are", parameter=unused
        )
    if window is not None and any(p > w // 2 for p, w in zip(pair(padding or 0), pair(window), strict=True)):
        raise BlockError("expected a padding of half a window at most", parameter="padding")


def check_resize(size: Pair | None, scale: float | None) -> None:
    """Refuse a size and a scale together.

    Raises:
        BlockError: both are there.
    """
    if size is not None and scale is not None:
        raise BlockError("expected `size` or `scale`: both are there", parameter="scale")
