"""The dim names of a port's annotation, as jaxtyping writes them."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

OPERATORS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}
"""How a size is computed from others."""


@dataclass(frozen=True)
class DimName:
    """One dim of a port.

    ======== ==================================================================
    ``d``    a size, the same wherever the letter stands at the node's ports
    ``3``    this size
    ``2*c``  a size computed from others
    ``_``    any size
    ``*d``   any number of dims, the same wherever ``*d`` stands
    ``...``  any number of dims
    ``?c``   in a list port: a size that may differ from tensor to tensor
    ``#d``   that size, or 1
    ======== ==================================================================

    Args:
        letter: the name without its marks; "" where it has none.
        size: the size where it is fixed.
        terms: the expression where the size is computed from others.
        spread: any number of dims.
        each: may differ from tensor to tensor.
        broadcast: may also be 1.
    """

    letter: str = ""
    size: int | None = None
    terms: str = ""
    spread: bool = False
    each: bool = False
    broadcast: bool = False

    @property
    def is_readable(self) -> bool:
        """Whether it is a name, a size, or an expression of sizes."""
        try:
            return not self.terms or bool(ast.parse(self.terms, mode="eval"))
        except SyntaxError:
            return False

    def computed(self, sizes: Mapping[str, int]) -> int | None:
        """The size of an expression; None where one of its letters is not known, or it is no sum or product."""
        return _computed(ast.parse(self.terms, mode="eval").body, sizes)


@cache
def dim_name(text: str) -> DimName:
    """The parts of a dim name, as jaxtyping has accepted it."""
    marks, rest = _marks(text.partition("=")[2] or text)
    if rest == "..." or "_" in marks:
        return DimName(spread=rest == "..." or "*" in marks)
    if rest.isdigit():
        return DimName(size=int(rest), broadcast="#" in marks)
    if not rest.isidentifier():
        return DimName(terms=rest)
    return DimName(rest, spread="*" in marks, each="?" in marks, broadcast="#" in marks)


def _marks(text: str) -> tuple[str, str]:
    found = re.match(r"[#*?_]*", text)
    end = found.end() if found else 0
    return text[:end], text[end:]


def _computed(node: ast.expr, sizes: Mapping[str, int]) -> int | None:
    match node:
        case ast.Constant(value=int(number)):
            return number
        case ast.Name(id=letter):
            return sizes.get(letter)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            first, second = _computed(left, sizes), _computed(right, sizes)
            return None if first is None or second is None else OPERATORS[type(sign)](first, second)
    return None
