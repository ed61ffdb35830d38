"""One axis of a tensor, named by its letter in a layout: ``dims: "b c h w", axis: c``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compose.block import BlockError
from compose.blocks.core.pattern.side import DOTS, LETTER, read_side, shape_text

DIMS = rf"^ *({LETTER}|\.\.\.)( +({LETTER}|\.\.\.))* *$"
"""What ``dims`` looks like."""
AXIS = f"^{LETTER}$"
"""What ``axis`` looks like."""
EXPECTED = 'letters such as "b c h w", or "... d" for any number of dims before the last'


@dataclass(frozen=True)
class NamedAxis:
    """An axis of tensors with a layout.

    Args:
        layout: the letters of the dims.
        index: the axis among them, counted from the end where ``...`` stands before it.
    """

    layout: str
    index: int

    def size(self, shape: Sequence[int]) -> int:
        """How long the axis is in a tensor of this shape.

        Raises:
            BlockError: the tensor does not have the layout's dims.
        """
        letters = self.layout.split()
        least = len(letters) - (DOTS in letters)
        if len(shape) < least or (DOTS not in letters and len(shape) != least):
            raise BlockError(f'"{self.layout}" does not fit a tensor of {shape_text(shape)}', parameter="dims")
        return shape[self.index]


def find_axis(dims: str, axis: str) -> NamedAxis:
    """The axis of a letter in a layout.

    Raises:
        BlockError: the layout is none, or the letter is not in it.
    """
    side = read_side(dims, parameter="dims", expected=EXPECTED)
    letters = [group[0] if len(group) == 1 else "" for group in side.groups]
    if "" in letters or any(letter.isdigit() for letter in letters):
        raise BlockError(f'"{dims}" is no layout: each dim has one letter', parameter="dims", expected=EXPECTED)
    if axis not in letters or axis == DOTS:
        known = ", ".join(letter for letter in letters if letter != DOTS)
        message = f'the axis "{axis}" is no letter of the dims "{dims}"'
        raise BlockError(message, parameter="axis", expected=f"one of {known}" if known else "dims with letters")
    place = letters.index(axis)
    return NamedAxis(dims, place - len(letters) if DOTS in letters[:place] else place)


def find_any_axis(dims: str, axis: str | None) -> NamedAxis | None:
    """The axis of a letter, or None where there is no letter.

    Raises:
        BlockError: the layout is none, or the letter is not in it.
    """
    return None if axis is None else find_axis(dims, axis)
