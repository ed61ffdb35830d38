"""Bind dim names across the ports of one node: ``b g d`` and ``l d`` must agree on ``d``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compose.registry.declaration import Port

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Bound:
    """The size of a dim, and the port and shape that it was first read from."""

    size: int
    port: Port
    shape: Shape


class Mismatch(Exception):
    """A shape that does not fit a port.

    Args:
        message: what does not fit.
        port: the port whose tensor does not fit.
        letter: the dim that is bound to two sizes, with ``size`` the one at this port.
        other: the earlier binding that it contradicts, where there is one.
    """

    def __init__(
        self, message: str, port: Port, *, letter: str = "", size: int = 0, other: Bound | None = None
    ) -> None:
        super().__init__(message)
        self.port, self.letter, self.size, self.other = port, letter, size, other

    @property
    def ports(self) -> list[Port]:
        """The ports that do not fit one another, the earlier first."""
        return [self.other.port, self.port] if self.other and self.other.port != self.port else [self.port]


class Bindings:
    """The dims bound so far at one node: one size a letter, and for ``?c`` a size for each tensor of its list."""

    def __init__(self) -> None:
        self.sizes: dict[str, Bound] = {}
        self.lists: dict[str, tuple[int, ...]] = {}

    def bind(self, port: Port, shape: Shape) -> None:
        """Bind the dims of a port that takes one tensor.

        Raises:
            Mismatch: the rank differs, or a dim is bound to another size already.
        """
        for letter, size in self._pairs(port, shape):
            if letter.isdigit():
                if int(letter) != size:
                    raise Mismatch(f"this dim must be {letter}, got {size}", port)
            elif letter != "_":
                self._bind_one(letter, size, port, shape)

    def bind_list(self, port: Port, shapes: Sequence[Shape]) -> None:
        """Bind the dims of a list port; ``?c`` may differ from tensor to tensor."""
        for shape in shapes:
            for letter, size in self._pairs(port, shape):
                if letter.startswith("?"):
                    self.lists[letter[1:]] = (*self.lists.get(letter[1:], ()), size)
                elif not letter.isdigit() and letter != "_":
                    self._bind_one(letter, size, port, shape)

    def _bind_one(self, letter: str, size: int, port: Port, shape: Shape) -> None:
        known = self.sizes.setdefault(letter, Bound(size, port, shape))
        if known.size != size:
            message = f"{letter} is {known.size} and {size}"
            raise Mismatch(message, port, letter=letter, size=size, other=known)

    def _pairs(self, port: Port, shape: Shape) -> list[tuple[str, int]]:
        """Each dim name with its size; a leading ``...`` or ``*name`` takes whatever the others leave."""
        if port.dims is None:
            return []
        dims = list(port.dims)
        spread = next((i for i, dim in enumerate(dims) if dim == "..." or dim.startswith("*")), None)
        if spread is not None:
            after = len(dims) - spread - 1
            if len(shape) >= len(dims) - 1:
                middle = len(shape) - after
                return [*zip(dims[:spread], shape, strict=False), *zip(dims[spread + 1 :], shape[middle:], strict=True)]
        elif len(dims) == len(shape):
            return list(zip(dims, shape, strict=True))
        raise Mismatch(f"expected {len(dims)} dims ({port.shape}), got {len(shape)}", port)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as one reads it: ``48 × 7 × 300``."""
    return " × ".join(map(str, shape)) if len(shape) else "scalar"
