"""Patterns of ``einsum``: ``b m d, l d -> b m l``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compose.block import BlockError
from compose.blocks.core.pattern.einops_pattern import halves
from compose.blocks.core.pattern.side import DOTS, Side, read_side

_SIDE = "[A-Za-z0-9_ .]*"
EINSUM = rf"^{_SIDE}(,{_SIDE})*->{_SIDE}$"
"""What a pattern of any number of tensors looks like."""
EXAMPLE = 'such as "b m d, l d -> b m l"'


@dataclass(frozen=True)
class EinsumPattern:
    """A pattern, read.

    Args:
        text: as einops reads it.
        tensors: the dims of each tensor.
    """

    text: str
    tensors: tuple[Side, ...]

    def fit(self, shapes: Sequence[Sequence[int]]) -> None:
        """Refuse tensors of other shapes.

        Raises:
            BlockError: there are more or fewer, or one does not have its dims.
        """
        if len(shapes) != len(self.tensors):
            message = f'"{self.text}" describes {len(self.tensors)} tensors, and {len(shapes)} are wired'
            raise BlockError(message, parameter="pattern")
        known: dict[str, int] = {}
        for side, shape in zip(self.tensors, shapes, strict=True):
            found = side.sizes(shape, known, what=f'"{side.text}"', pattern=self.text)
            known = {name: size for name, size in found.items() if not name.startswith(DOTS)}


def contracting(pattern: str) -> EinsumPattern:
    """A pattern that multiplies tensors and sums over the letters that its right side lacks.

    Raises:
        BlockError: it is none.
    """
    before, after = halves(pattern, EXAMPLE)
    tensors = tuple(letters_of(text, repeats=True) for text in before.split(","))
    right = letters_of(after)
    known = {name for side in tensors for name in side.names}
    lacking = [name for name in right.names if name not in known]
    if lacking:
        shown = ", ".join(f"`{name}`" for name in lacking)
        raise BlockError(f'"{pattern}" has {shown} on its right alone', parameter="pattern", expected=EXAMPLE)
    if DOTS in known and DOTS not in right.names:
        raise BlockError(f'"{pattern}" has `...` on its left alone', parameter="pattern", expected=EXAMPLE)
    return EinsumPattern(f"{', '.join(side.text for side in tensors)} -> {right.text}", tensors)


def letters_of(text: str, *, repeats: bool = False, example: str = EXAMPLE) -> Side:
    """The dims of one tensor, each a letter.

    Raises:
        BlockError: they are not.
    """
    side = read_side(text, parameter="pattern", expected=example, repeats=repeats)
    if any(len(group) != 1 or group[0].isdigit() for group in side.groups):
        message = f'"{side.text}" has a dim that is no letter'
        raise BlockError(message, parameter="pattern", expected=example)
    return side
