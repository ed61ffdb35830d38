"""Numbers as tables show them."""

from __future__ import annotations


def percent_text(value: float) -> str:
    """A printed figure with its own decimals, of which it has one at least."""
    return f"{value:.1f}" if round(value, 1) == value else f"{value:g}"


def time_text(seconds: float | None) -> str:
    """How long something takes."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def count_text(count: int | None) -> str:
    """A number of parameters."""
    if count is None:
        return "–"
    for size, letter in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        if count >= size:
            return f"{count / size:.3g}{letter}" if count < 100 * size else f"{round(count / size)}{letter}"
    return str(count)
