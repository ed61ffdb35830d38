"""Core blocks that turn a value into one that a port takes: a layout, a size, or one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from compose.model.proposals.given import Given
from compose.model.proposals.layouts import Laid, aligned, layouts
from compose.model.proposals.link import Link
from compose.model.proposals.sizes import guessed, sized
from compose.model.proposals.wanted import Wanted

FORCED = 10
"""How many blocks one is worth that makes a value fit by form alone."""


@dataclass(frozen=True)
class Adapter:
    """Blocks in a row.

    Args:
        links: the blocks.
    """

    links: tuple[Link, ...]

    @property
    def cost(self) -> tuple[int, int]:
        """How much it adds to a model: weights count more than the number of blocks."""
        return sum(link.learned for link in self.links), sum(FORCED if link.forced else 1 for link in self.links)

    @property
    def message(self) -> str:
        """What it does."""
        return ", then ".join(link.message for link in self.links)


def adapters(given: Given, wanted: Wanted, *, refused: bool) -> Iterator[Adapter]:
    """The adapters by which a value should fit, by its shape; none where its entries are of another type.

    Args:
        given: the value.
        wanted: what the port takes.
        refused: whether the block refuses what by its ports should fit, so that one can only guess.
    """
    if wanted.dtype not in ("float", "any") or not given.is_float:
        return
    fits_alone = wanted.takes(given.shape) and not refused
    for laid in aligned(given, wanted) if fits_alone else (Laid((), given), *layouts(given, wanted)):
        ways = chain(sized(laid.given, wanted), guessed(laid.given, wanted) if refused else ())
        for links in ways:
            if laid.links or links:
                yield Adapter((*laid.links, *links))
