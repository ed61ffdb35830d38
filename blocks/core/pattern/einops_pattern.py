"""Patterns of ``rearrange``, ``repeat`` and ``reduce``: ``b c h w -> b (h w) c``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compose.block import BlockError
from compose.blocks.core.pattern.side import DOTS, Side, read_side

_SIDE = "[A-Za-z0-9_ ().]*"
PATTERN = rf"^{_SIDE}(,{_SIDE})?->{_SIDE}$"
"""What a pattern of one tensor looks like, and of one more that is only looked at."""
REDUCING = rf"^{_SIDE}->{_SIDE}$"
"""What a pattern of one tensor looks like."""
TAKEN = ("tensor", "pattern", "reduction")
"""Names that einops' functions have for their own arguments."""


@dataclass(frozen=True)
class EinopsPattern:
    """A pattern, read.

    Args:
        text: the part that einops reads, without the tensor that is only looked at.
        left: the tensor's dims before, ``right`` afterwards.
        like: those of the other tensor, which only gives sizes.
        given: sizes of letters that the spec gives.
    """

    text: str
    left: Side
    right: Side
    like: Side | None
    given: Mapping[str, int]

    def sizes(self, shape: Sequence[int], like: Sequence[int] | None = None) -> dict[str, int]:
        """The sizes that einops has to be told for a tensor of this shape.

        Args:
            shape: the tensor's.
            like: the other tensor's, where there is one.

        Raises:
            BlockError: the pattern does not fit them.
        """
        if (like is None) != (self.like is None):
            lacking = "one tensor, and `like` is wired" if self.like is None else "two tensors, and `like` is not wired"
            expected = '"LEFT, LIKE -> RIGHT" where `like` is wired, else "LEFT -> RIGHT"'
            raise BlockError(f'"{self.text}" describes {lacking}', parameter="pattern", expected=expected)
        known = dict(self.given)
        if self.like and like is not None:
            found = self.like.sizes(like, known, what="`like`", pattern=self.like.text)
            known = {name: size for name, size in found.items() if not name.startswith(DOTS)}
        self.left.sizes(shape, known, what="a tensor", pattern=self.text)
        names = {*self.left.names, *self.right.names}
        return {name: size for name, size in known.items() if name in names}


def rearranging(pattern: str, sizes: Mapping[str, int] | None) -> EinopsPattern:
    """A pattern that keeps every letter.

    Raises:
        BlockError: it is none.
    """
    example = 'such as "b c h w -> b (h w) c", or "b (h w) c, b x h w -> b c h w" with `like` wired'
    found = _read(pattern, sizes, example, may_look=True)
    _no_numbers(found, found.left, example)
    _no_numbers(found, found.right, example)
    _only_there(found.left, found.right, f'"{found.text}" loses {{}}; what reduces a dim is `reduce`', example)
    _only_there(
        found.right, found.left, f'"{found.text}" has {{}} on its right alone; what adds one is `repeat`', example
    )
    return found


def repeating(pattern: str, sizes: Mapping[str, int] | None) -> EinopsPattern:
    """A pattern that keeps every letter and adds others.

    Raises:
        BlockError: it is none.
    """
    example = 'such as "b d -> b 7 d", "l d -> b l d" with `sizes: {b: 4}`, or "l d, b ... -> b l d" with `like` wired'
    found = _read(pattern, sizes, example, may_look=True)
    _no_numbers(found, found.left, example)
    _only_there(found.left, found.right, f'"{found.text}" loses {{}}; what reduces a dim is `reduce`', example)
    known = Side("", ((*found.left.names, *found.given, *(found.like.letters if found.like else ())),))
    _only_there(found.right, known, f'the size of {{}} in "{found.text}" is not known', example)
    return found


def reducing(pattern: str, sizes: Mapping[str, int] | None) -> EinopsPattern:
    """A pattern that loses letters.

    Raises:
        BlockError: it is none.
    """
    example = 'such as "b c h w -> b c", or "b c (h 2) (w 2) -> b c h w"'
    found = _read(pattern, sizes, example, may_look=False)
    _no_numbers(found, found.right, example)
    _only_there(
        found.right, found.left, f'"{found.text}" has {{}} on its right alone; what adds one is `repeat`', example
    )
    return found


def _read(pattern: str, sizes: Mapping[str, int] | None, example: str, *, may_look: bool) -> EinopsPattern:
    before, after = halves(pattern, example)
    tensor, *others = before.split(",")
    if len(others) > may_look:
        takes = "one tensor, and one more that gives sizes" if may_look else "one tensor"
        raise BlockError(
            f'"{pattern}" describes {1 + len(others)} tensors; it takes {takes}', parameter="pattern", expected=example
        )
    left, right = (_side(text, example) for text in (tensor, after))
    like = _side(others[0], example) if others else None
    found = EinopsPattern(f"{left.text} -> {right.text}", left, right, like, sizes or {})
    if like and any(len(group) != 1 or group[0].isdigit() for group in like.groups):
        message = f'"{like.text}" only gives sizes: each of its dims has one letter'
        raise BlockError(message, parameter="pattern", expected=example)
    if DOTS in right.names and DOTS not in left.names:
        raise BlockError(f'"{found.text}" has `...` on its right alone', parameter="pattern", expected=example)
    _check_sizes(found, example)
    return found


def _side(text: str, example: str) -> Side:
    return read_side(text, parameter="pattern", expected=example)


def halves(pattern: str, example: str) -> tuple[str, str]:
    """What stands before and after the arrow.

    Raises:
        BlockError: there is no arrow, or more than one.
    """
    before, arrow, after = pattern.partition("->")
    if not arrow or "->" in after:
        lacks = "no `->`" if not arrow else "more than one `->`"
        raise BlockError(f'"{pattern}" has {lacks}', parameter="pattern", expected=example)
    return before, after


def _check_sizes(found: EinopsPattern, example: str) -> None:
    """Sizes are of letters of the pattern; and of a dim of several letters at most one is open."""
    letters = {*found.left.letters, *found.right.letters}
    for name in found.given:
        if name not in letters:
            message = f'`{name}` is no letter of "{found.text}"'
            raise BlockError(message, parameter="sizes", expected=f"sizes of {', '.join(sorted(letters))}")
    taken = next((name for name in TAKEN if name in letters), None)
    if taken:
        raise BlockError(f"no letter may be called `{taken}`", parameter="pattern", expected=example)
    known = {*found.given, *(found.like.letters if found.like else ())}
    for group in found.left.groups:
        unknown = [name for name in group if not name.isdigit() and name not in known]
        if len(unknown) > 1:
            message = f"of `({' '.join(group)})` the sizes of {_listed(unknown)} are not known"
            expected = f"all but one of them, such as `sizes: {{{unknown[0]}: 7}}`"
            raise BlockError(message, parameter="pattern", expected=expected)


def _no_numbers(found: EinopsPattern, side: Side, example: str) -> None:
    number = next((name for name in side.names if name.isdigit()), None)
    if number:
        message = f'"{found.text}" has the size {number} where a letter must stand'
        raise BlockError(message, parameter="pattern", expected=example)


def _only_there(side: Side, other: Side, message: str, example: str) -> None:
    """Refuse letters of one side that the other lacks; ``{}`` in the message stands for them."""
    lacking = [name for name in side.names if name not in other.names and not name.isdigit()]
    if lacking:
        raise BlockError(message.format(_listed(lacking)), parameter="pattern", expected=example)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
