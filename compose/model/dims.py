"""Bind dim names across the ports of one node: ``b g d`` and ``l d`` must agree on ``d``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Generic, TypeVar

from compose.registry.declaration import BoundSize, Port
from compose.registry.dim_name import DimName, dim_name

Shape = tuple[int, ...]
_Size = TypeVar("_Size", int, Shape)


@dataclass(frozen=True)
class Bound(Generic[_Size]):
    """What a dim name is bound to, a size or, for ``*d``, several; and the port that it was first read from."""

    size: _Size
    port: Port

    def __str__(self) -> str:
        if isinstance(self.size, int):
            return str(self.size)
        return shape_text(self.size) if self.size else "no dim"


class Mismatch(Exception):
    """A shape that does not fit a port.

    Args:
        message: what does not fit.
        port: the port whose tensor does not fit.
        letter: the dim that is bound to two sizes, with ``here`` the one at this port.
        here: what it is at this port.
        other: the earlier binding that it contradicts, where there is one.
    """

    def __init__(
        self,
        message: str,
        port: Port,
        *,
        letter: str = "",
        here: Bound[Any] | None = None,
        other: Bound[Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.port, self.letter, self.here, self.other = port, letter, here, other

    @property
    def ports(self) -> list[Port]:
        """The ports that do not fit one another, the earlier first."""
        return [self.other.port, self.port] if self.other and self.other.port != self.port else [self.port]


class Bindings:
    """The dims bound so far at one node.

    Attributes:
        sizes: ``d`` -> its size.
        spreads: ``d`` of ``*d`` -> its sizes.
        lists: ``c`` of ``?c`` -> a size for each tensor of the list port.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, Bound[int]] = {}
        self.spreads: dict[str, Bound[Shape]] = {}
        self.lists: dict[str, Shape] = {}

    def bind(self, port: Port, shape: Shape) -> None:
        """Bind the dims of a tensor at a port.

        Raises:
            Mismatch: the rank differs, or a dim is bound to another size already.
        """
        for text, size in _pairs(port, shape):
            name = dim_name(text)
            if isinstance(size, tuple):
                self._bind_spread(name, Bound(size, port))
            elif name.each:
                self.lists[name.letter] = (*self.lists.get(name.letter, ()), size)
            else:
                self._bind_size(name, text, Bound(size, port))

    @property
    def single(self) -> dict[str, int]:
        """The letters bound to one size, also those that may stand for several dims and stand for one."""
        spreads = {letter: bound.size[0] for letter, bound in self.spreads.items() if len(bound.size) == 1}
        return spreads | {letter: bound.size for letter, bound in self.sizes.items()}

    def value(self, size: BoundSize) -> Any:
        """What a constructor argument is bound to; None where no wired port carries the dim."""
        if not size.many:
            return self.sizes[size.dim].size if size.dim in self.sizes else None
        return self.spreads[size.dim].size if size.dim in self.spreads else self.lists.get(size.dim)

    def _bind_size(self, name: DimName, text: str, here: Bound[int]) -> None:
        if name.broadcast and here.size == 1:
            return
        wanted = name.size
        if name.terms:
            wanted = name.computed({letter: bound.size for letter, bound in self.sizes.items()})
        if wanted is not None and here.size != wanted:
            shown = f"`{text}` is {wanted}" if name.terms else f"this dim must be {wanted}"
            raise Mismatch(f"{shown}, got {here.size}", here.port)
        if name.letter:
            _agree(name.letter, self.sizes.setdefault(name.letter, here), here)

    def _bind_spread(self, name: DimName, here: Bound[Shape]) -> None:
        if not name.letter:
            return
        known = self.spreads.setdefault(name.letter, here)
        joint = _broadcast(known.size, here.size) if name.broadcast else None
        if joint is None:
            _agree(f"*{name.letter}", known, here)
        else:
            self.spreads[name.letter] = Bound(joint, known.port)


def _agree(letter: str, known: Bound[Any], here: Bound[Any]) -> None:
    if known.size != here.size:
        raise Mismatch(f"{letter} is {known} and {here}", here.port, letter=letter, here=here, other=known)


def _broadcast(first: Shape, second: Shape) -> Shape | None:
    """The shape that two shapes broadcast to; None where they do not."""
    pairs = list(zip_longest(reversed(first), reversed(second), fillvalue=1))
    return tuple(max(pair) for pair in reversed(pairs)) if all(a == b or 1 in (a, b) for a, b in pairs) else None


def _pairs(port: Port, shape: Shape) -> list[tuple[str, int | Shape]]:
    """Each dim name with its size; ``*d`` and ``...`` take whatever the others leave."""
    if port.dims is None:
        return []
    dims = list(port.dims)
    spread = next((i for i, dim in enumerate(dims) if dim_name(dim).spread), None)
    if spread is None and len(shape) == len(dims):
        return list(zip(dims, shape, strict=True))
    if spread is not None and len(shape) >= len(dims) - 1:
        end = len(shape) - (len(dims) - spread - 1)
        taken: list[int | Shape] = [*shape[:spread], shape[spread:end], *shape[end:]]
        return list(zip(dims, taken, strict=True))
    least = f"at least {len(dims) - 1}" if spread is not None else str(len(dims))
    raise Mismatch(f"expected {least} dims ({port.shape}), got {len(shape)}", port)


SCALAR = "scalar"


def shape_text(shape: Sequence[int]) -> str:
    """A shape as one reads it: ``48 × 7 × 300``."""
    return " × ".join(map(str, shape)) if len(shape) else SCALAR
