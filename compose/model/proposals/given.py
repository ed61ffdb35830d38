"""A value that an adapter starts from."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from compose.model.dims import Shape
from compose.model.proposals.wanted import SPACE
from compose.registry.dim_name import dim_name
from compose.spec.wiring.plan import Ref, Step
from compose.spec.wiring.reserved import RESERVED

LETTERS = {1: "d", 2: "b d", 3: "b t d", 4: "b c h w", 5: "e b c h w"}
"""Rank -> letters of a tensor whose port does not name its dims."""


@dataclass(frozen=True)
class Given:
    """A value.

    Args:
        text: how the spec names it.
        shape: its shape.
        letters: a name for each dim, all different.
        is_float: whether its entries are real numbers.
    """

    text: str
    shape: Shape
    letters: tuple[str, ...]
    is_float: bool

    @property
    def is_map(self) -> bool:
        """Whether its last dims are places of a map."""
        return self.letters[-2:] in SPACE

    @property
    def pattern(self) -> str:
        """The letters as the left side of an einops pattern."""
        return " ".join(self.letters)


def given_by(text: str, ref: Ref, value: Tensor, steps: dict[str, Step]) -> Given:
    """A value with the letters that its port declares, where they name each dim.

    Args:
        text: how the spec names it.
        ref: what it is.
        value: its tensor.
        steps: the steps by name.
    """
    return Given(text, tuple(value.shape), _letters(ref, value.ndim, steps), value.is_floating_point())


def _letters(ref: Ref, rank: int, steps: dict[str, Step]) -> tuple[str, ...]:
    names = [dim_name(dim) for dim in _declared(ref, steps)]
    letters = tuple(name.letter for name in names)
    plain = not any(name.spread or name.broadcast or name.terms for name in names)
    single = all(len(letter) == 1 for letter in letters)
    if plain and single and len(set(letters)) == len(letters) == rank:
        return letters
    return tuple(LETTERS.get(rank, " ".join("abcdefghijkl"[:rank])).split())


def _declared(ref: Ref, steps: dict[str, Step]) -> tuple[str, ...]:
    if not ref.step:
        return RESERVED[ref.port].dims
    step = steps.get(ref.step)
    port = step.declaration.output(ref.port) if step and step.declaration else None
    return (port.dims if port else None) or ()
