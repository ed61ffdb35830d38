"""The shape of a learned tensor: sizes, and letters of another tensor's layout."""

from __future__ import annotations

from dataclasses import dataclass

from compose.block import BlockError
from compose.blocks.core.pattern.axis import EXPECTED
from compose.blocks.core.pattern.side import DOTS, LETTER, Side, read_side

_ENTRY = f"({LETTER}|[1-9][0-9]*)"
SHAPE = f"^ *{_ENTRY}( +{_ENTRY})* *$"
"""What such a shape looks like."""
EXAMPLE = 'sizes and letters such as "4 300", or "4 d" with `like` wired'


@dataclass(frozen=True)
class LearnedShape:
    """A shape, read.

    Args:
        entries: sizes and letters.
        layout: the layout of the tensor that letters are read off.
    """

    entries: tuple[str, ...]
    layout: Side

    def sizes(self, like: tuple[int, ...] | None) -> tuple[int, ...]:
        """The sizes.

        Args:
            like: shape of the tensor that letters are read off, where there is one.

        Raises:
            BlockError: there is none, and it is needed; or it has another layout.
        """
        known = {}
        if like is not None:
            known = self.layout.sizes(like, {}, what="`like`", pattern=self.layout.text, parameter="dims")
        unknown = [entry for entry in self.entries if not entry.isdigit() and entry not in known]
        if unknown:
            message = f"the size of `{unknown[0]}` is not known: no tensor is wired to `like`"
            raise BlockError(message, parameter="shape", expected=EXAMPLE)
        return tuple(int(entry) if entry.isdigit() else known[entry] for entry in self.entries)


def learned_shape(shape: str, dims: str) -> LearnedShape:
    """The shape that a text means.

    Raises:
        BlockError: it means none.
    """
    wanted = read_side(shape, parameter="shape", expected=EXAMPLE, repeats=True)
    layout = read_side(dims, parameter="dims", expected=EXPECTED)
    if any(len(group) > 1 or group == (DOTS,) for group in wanted.groups):
        raise BlockError(f'"{shape}" is no shape', parameter="shape", expected=EXAMPLE)
    unknown = [name for name in wanted.letters if name not in layout.letters]
    if unknown:
        message = f'`{unknown[0]}` of "{shape}" is no letter of `dims: "{dims}"`'
        raise BlockError(message, parameter="shape", expected=EXAMPLE)
    return LearnedShape(tuple(group[0] if group else "1" for group in wanted.groups), layout)
