"""What a search chooses from: a value of each axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from compose.spec.layers.sweep import VARIANTS, Member
from compose.sweeping.value_range import ValueRange

SweepAxis = Sequence[Member] | ValueRange
"""Values of a list, or of a range."""
Choice = str | float
"""What is chosen of an axis: a member's name, or a number."""


@dataclass(frozen=True)
class SearchSpace:
    """The axes by their names.

    Args:
        axes: name -> axis.
    """

    axes: Mapping[str, SweepAxis]

    @classmethod
    def of(cls, axes: Sequence[SweepAxis]) -> SearchSpace:
        """Axes, each called as the key that it sets."""
        named: dict[str, SweepAxis] = {}
        for axis in axes:
            key = _key(axis)
            named[key if key not in named else f"{key} ({len(named) + 1})"] = axis
        return cls(named)

    def member(self, choice: Mapping[str, Choice]) -> Member:
        """The member of a choice."""
        return _joined([_chosen(axis, choice[name]) for name, axis in self.axes.items()])

    def corners(self) -> Iterator[Member]:
        """A few members in which every value, and both ends of every range, stand once."""
        values = [
            [axis.member(axis.low), axis.member(axis.high)] if isinstance(axis, ValueRange) else list(axis)
            for axis in self.axes.values()
        ]
        first = [along[0] for along in values]
        yield _joined(first)
        for index, along in enumerate(values):
            yield from (_joined([*first[:index], value, *first[index + 1 :]]) for value in along[1:])

    def __str__(self) -> str:
        lines = [
            str(axis) if isinstance(axis, ValueRange) else f"{name} of {', '.join(_value(one, name) for one in axis)}"
            for name, axis in self.axes.items()
        ]
        return "; ".join(lines)


def _key(axis: SweepAxis) -> str:
    if isinstance(axis, ValueRange):
        return axis.key
    return next((member.overrides[0].partition("=")[0] for member in axis if member.overrides), VARIANTS)


def _value(member: Member, name: str) -> str:
    return member.name if name.startswith(VARIANTS) else member.name.partition("=")[2]


def _chosen(axis: SweepAxis, choice: Choice) -> Member:
    if isinstance(axis, ValueRange):
        return axis.member(float(choice))
    return next(member for member in axis if member.name == choice)


def _joined(members: Sequence[Member]) -> Member:
    return reduce(Member.__add__, members, Member(""))
