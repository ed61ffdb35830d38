"""The dims of one tensor in letters, as einops writes them: ``b c (h w)``, ``... d``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compose.block import BlockError

DOTS = "..."
LETTER = "[A-Za-z][A-Za-z0-9_]*"
"""A name of a dim; most have one letter."""
_TOKEN = re.compile(r"\.\.\.|[A-Za-z_0-9]+|[()]|\S")


@dataclass(frozen=True)
class Side:
    """The dims of one tensor.

    Args:
        text: as written.
        groups: for each dim its letters: one, or several of ``(h w)``; none where its size is 1. Numbers are sizes, and
            ``...`` any number of dims.
    """

    text: str
    groups: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> list[str]:
        """The letters, ``...`` and numbers in order."""
        return [name for group in self.groups for name in group]

    @property
    def letters(self) -> list[str]:
        """The letters alone."""
        return [name for name in self.names if name != DOTS and not name.isdigit()]

    def sizes(
        self, shape: Sequence[int], known: Mapping[str, int], *, what: str, pattern: str, parameter: str = "pattern"
    ) -> dict[str, int]:
        """The sizes of the letters in a tensor of this shape; of ``...`` each dim as ``...0``, ``...1``.

        Args:
            shape: the shape.
            known: sizes that are known already.
            what: what messages call the tensor.
            pattern: the pattern that the side is part of, and ``parameter`` its key in a spec.

        Raises:
            BlockError: the tensor does not have these dims.
        """
        found = dict(known)
        extra = len(shape) - len(self.groups) + 1
        if extra < 0 or (DOTS not in self.names and extra != 1):
            raise _misfit(parameter, pattern, shape, what, f'"{self.text}" has {_least(self)}')
        groups = [dim for group in self.groups for dim in (_dotted(extra) if DOTS in group else [group])]
        for group, size in zip(groups, shape, strict=True):
            if reason := _fill(group, size, found):
                raise _misfit(parameter, pattern, shape, what, reason)
        return found


def read_side(text: str, *, parameter: str, expected: str, repeats: bool = False) -> Side:
    """The dims that a text means.

    Args:
        text: such as ``b c (h w)``.
        parameter: the parameter that it stands in.
        expected: what would be right, for messages.
        repeats: whether a letter may stand in it twice.

    Raises:
        BlockError: it means nothing.
    """
    groups, reason = _groups(text)
    side = Side(text.strip(), groups)
    names = [name for name in side.names if not name.isdigit()]
    twice = [name for name in names if names.count(name) > 1 and (name == DOTS or not repeats)]
    if twice and not reason:
        reason = f"`{twice[0]}` stands in it twice"
    if reason:
        raise BlockError(f'"{side.text}": {reason}', parameter=parameter, expected=expected)
    return side


def _groups(text: str) -> tuple[tuple[tuple[str, ...], ...], str]:
    """The dims of a text; and what is wrong with it, or ""."""
    groups: list[tuple[str, ...]] = []
    inner: list[str] | None = None
    for token in _TOKEN.findall(text):
        if token == "(" and inner is None:
            inner = []
        elif token == ")" and inner is not None:
            groups.append(tuple(inner))
            inner = None
        elif reason := _wrong(token, inside=inner is not None):
            return (), reason
        else:
            name = () if token == "1" else (token,)
            groups.append(name) if inner is None else inner.extend(name)
    return tuple(groups), "" if inner is None else "a parenthesis is not closed"


def shape_text(shape: Sequence[int]) -> str:
    """A shape as one reads it: ``48 × 7 × 300``."""
    return " × ".join(map(str, shape)) or "no dims"


def _wrong(token: str, *, inside: bool) -> str:
    """What is wrong with a token, or ""."""
    if token in "()":
        return "a parenthesis stands in another" if inside else "a parenthesis is closed that was not opened"
    if token == DOTS:
        return "`...` stands in parentheses" if inside else ""
    if re.fullmatch(f"{LETTER}|[1-9][0-9]*", token) and not token.endswith("_"):
        return ""
    return f"`{token}` is neither a letter nor a size"


def _dotted(count: int) -> list[tuple[str, ...]]:
    return [(f"{DOTS}{place}",) for place in range(count)]


def _least(side: Side) -> str:
    count = len(side.groups)
    return f"at least {count - 1} dims" if DOTS in side.names else f"{count} dims"


def _fill(group: tuple[str, ...], size: int, found: dict[str, int]) -> str | None:
    """Add what a dim says of its letters; the reason where it contradicts what is known."""
    open_letters, known = [], 1
    for name in group:
        if name.isdigit():
            known *= int(name)
        elif name in found:
            known *= found[name]
        else:
            open_letters.append(name)
    if not open_letters and size != known:
        return f"{_shown(group)} is {known} and {size}"
    if open_letters and (known == 0 or size % known):
        return f"{_shown(group)} is {size}, no multiple of {known}"
    if open_letters:
        found[open_letters[0]] = size // known
    return None


def _shown(group: tuple[str, ...]) -> str:
    """A dim as messages call it."""
    if group and group[0].startswith(DOTS):
        return f"a dim of `{DOTS}`"
    return f"`{group[0]}`" if len(group) == 1 else f"`({' '.join(group)})`"


def _misfit(parameter: str, pattern: str, shape: Sequence[int], what: str, reason: str) -> BlockError:
    return BlockError(f'"{pattern}" does not fit {what} of {shape_text(shape)}: {reason}', parameter=parameter)
