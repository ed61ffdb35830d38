"""The sizes with which a block is tried: one for each letter of its ports, no two alike where that can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count

from compose.registry.declaration import Port
from compose.registry.dim_name import DimName, dim_name

USUAL = {"b": 4, "c": 16, "d": 8, "h": 6, "w": 10, "l": 5, "i": 12, "o": 20, "m": 7, "g": 2, "e": 2, "s": 6, "q": 3}
"""What a letter usually stands for, and a size for it: widths divide evenly, and places are even."""
INNER = 8
"""The size of a dim without a letter."""
SPREAD = (USUAL["b"], INNER)
"""The sizes of ``*n``: the examples, and one more."""
LISTED = 2
"""How many tensors a list port gets that takes any number."""
APART = 8
"""How much wider one tensor of a list is than the next, where they may differ."""


class TrialSizes:
    """The size of each letter of a block's ports.

    Args:
        ports: its inputs and outputs.
        chosen: letters whose sizes the user sets.
        apart: how much wider one tensor of a list is than the next, where they may differ.
        spread: the sizes of ``*n``, the examples first.

    Attributes:
        letters: letter -> size.
    """

    def __init__(
        self, ports: Iterable[Port], chosen: Mapping[str, int], *, apart: int = APART, spread: tuple[int, ...] = SPREAD
    ) -> None:
        names = [dim_name(dim) for port in ports for dim in port.dims or ()]
        names = [name for name in names if not name.spread]
        free = (size for size in count(13, 2) if size not in USUAL.values())
        self.letters: dict[str, int] = {}
        self._apart, self._spread = apart, spread
        for letter in dict.fromkeys(letter for name in names for letter in _letters(name)):
            self.letters[letter] = chosen.get(letter) or USUAL.get(letter) or next(free)
        if {"b", "e", "s"} <= self.letters.keys() - chosen.keys():  # the pictures of all episodes
            self.letters["b"] = self.letters["e"] * (self.letters["s"] + self.letters.get("q", USUAL["q"]))

    def with_letter(self, letter: str, size: int) -> TrialSizes:
        """The same with one letter of another size."""
        made = TrialSizes((), {}, apart=self._apart, spread=self._spread)
        made.letters = {**self.letters, letter: size}
        return made

    def shapes(self, port: Port) -> list[tuple[int, ...]]:
        """The shape of each tensor at a port; one where it takes no list."""
        many = (port.length or LISTED) if port.many else 1
        return [tuple(self._dims(port, place)) for place in range(many)]

    def _dims(self, port: Port, place: int) -> Iterator[int]:
        if port.dims is None:
            yield from self._spread
        for text in port.dims or ():
            name = dim_name(text)
            if name.spread and name.letter in self.letters and len(self._spread) == 1:
                yield self.letters[name.letter]
            elif name.spread:
                yield from self._spread
            elif name.each:
                yield self.letters[name.letter] + self._apart * place
            else:
                yield self._size(name)

    def _size(self, name: DimName) -> int:
        if name.size is not None:
            return name.size
        computed = name.computed(self.letters) if name.terms else None
        return self.letters.get(name.letter, computed or INNER)


def _letters(name: DimName) -> list[str]:
    if name.terms:
        return [letter for letter in name.terms if letter.isalpha()]
    return [name.letter] if name.letter else []
