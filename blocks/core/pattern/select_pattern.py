"""Patterns of ``select``: ``b m h w, b l -> b l h w``."""

from __future__ import annotations

from dataclasses import dataclass

from compose.block import BlockError
from compose.blocks.core.pattern.einops_pattern import halves
from compose.blocks.core.pattern.einsum_pattern import letters_of
from compose.blocks.core.pattern.side import DOTS, Side

_SIDE = "[A-Za-z0-9_ .]*"
SELECT = rf"^{_SIDE},{_SIDE}->{_SIDE}$"
"""What a pattern of values and an index looks like."""
EXAMPLE = 'such as "b m h w, b l -> b l h w", which picks one of the m by an index for each b and l'


@dataclass(frozen=True)
class SelectPattern:
    """A pattern, read.

    Args:
        text: as written.
        values: the dims of the values, ``index`` those of the index, ``result`` those of what is picked.
        picked: the letter of the values that the index counts.
    """

    text: str
    values: Side
    index: Side
    result: Side
    picked: str


def selecting(pattern: str) -> SelectPattern:
    """A pattern that picks entries along one letter.

    Raises:
        BlockError: it is none.
    """
    before, after = halves(pattern, EXAMPLE)
    sides = before.split(",")
    if len(sides) != 2:
        message = f'"{pattern}" describes {len(sides)} tensor{"s" * (len(sides) > 1)}, not values and an index'
        raise BlockError(message, parameter="pattern", expected=EXAMPLE)
    values, index, result = (letters_of(text, example=EXAMPLE) for text in (*sides, after))
    left_out = [name for name in values.names if name not in result.names]
    if len(left_out) != 1 or DOTS in left_out:
        shown = ", ".join(f"`{name}`" for name in left_out) or "no letter"
        message = f'"{pattern}" leaves out {shown} of the values; the one letter that is picked is left out'
        raise BlockError(message, parameter="pattern", expected=EXAMPLE)
    if unknown := [name for name in result.names if name not in (*values.names, *index.names)]:
        raise BlockError(f'"{pattern}" has `{unknown[0]}` on its right alone', parameter="pattern", expected=EXAMPLE)
    if lost := [name for name in index.names if name not in result.names]:
        message = f'"{pattern}" has `{lost[0]}` in the index and not on its right'
        raise BlockError(message, parameter="pattern", expected=EXAMPLE)
    return SelectPattern(pattern, values, index, result, left_out[0])
