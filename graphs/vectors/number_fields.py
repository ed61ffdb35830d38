"""Which fields of a line of text are numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile


def is_number(text: str | bytes) -> bool:
    """Whether a field is a number; one that is not finite is, too, and is refused where it is read."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def trailing_numbers(fields: Sequence[str | bytes]) -> int:
    """How many numbers a line ends with; its first field is a name, whatever it looks like."""
    return sum(1 for _ in takewhile(is_number, reversed(fields[1:])))
