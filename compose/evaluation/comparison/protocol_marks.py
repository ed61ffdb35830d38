"""Numbers that tell the protocols of one task apart, and the words that say how they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from compose.evaluation.comparison.columns import Column, OwnProtocol


def marked(blocks: Sequence[Sequence[Column]]) -> list[list[Column]]:
    """The columns, with ``[1]``, ``[2]`` behind a task that was measured by several protocols.

    Args:
        blocks: the columns of each block, in an order that does not depend on that of the runs. As far as can be, all
            tasks of a block have its number.
    """
    numbered = _Numbered.of([column for block in blocks for column in block])
    number = 0
    found = []
    for block in blocks:
        places = numbered.places(block)
        number += any(numbered.is_one_of_several(place) for place in places)
        for place in places:
            number = numbered.give(place, number)
        found.append([replace(column, mark=numbered.mark(place)) for column, place in zip(block, places, strict=True)])
    return found


@dataclass(frozen=True)
class _Place:
    """A task, and what its protocols are told apart by; "" where figures are printed."""

    task: str
    apart: str


class _Numbered:
    """The protocols of each task, and the numbers that they are given."""

    def __init__(self, found: dict[int, _Place]) -> None:
        self._found = found
        self._numbers: dict[str, dict[str, int]] = defaultdict(dict)
        self._apart: dict[str, set[str]] = defaultdict(set)
        for place in found.values():
            self._apart[place.task] |= {place.apart} - {""}

    @classmethod
    def of(cls, columns: Sequence[Column]) -> _Numbered:
        """Those of some columns: how places are judged counts only where that alone tells two columns apart."""
        rests: dict[int, str] = {}
        judged: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for column in columns:
            rests[id(column)] = (
                column.protocol.identity(places=False) if isinstance(column.protocol, OwnProtocol) else ""
            )
            judged[column.task, column.metric, rests[id(column)]].add(column.identity)
        found = {}
        for column in columns:
            rest = rests[id(column)]
            several = rest and len(judged[column.task, column.metric, rest]) > 1
            found[id(column)] = _Place(column.task, column.identity if several else rest)
        return cls(found)

    def places(self, columns: Sequence[Column]) -> list[_Place]:
        """Those of a block."""
        return [self._found[id(column)] for column in columns]

    def is_one_of_several(self, place: _Place) -> bool:
        """Whether its task was measured by another protocol, too."""
        return bool(place.apart) and len(self._apart[place.task]) > 1

    def give(self, place: _Place, number: int) -> int:
        """Number a protocol that has none; returns the number that was given last."""
        known = self._numbers[place.task]
        if not self.is_one_of_several(place) or place.apart in known:
            return number
        number += number in known.values()
        known[place.apart] = number
        return number

    def mark(self, place: _Place) -> str:
        """The number as it is shown."""
        number = self._numbers[place.task].get(place.apart)
        return "" if number is None else f"[{number}]"


def protocol_lines(columns: Sequence[Column]) -> tuple[dict[str, str], list[str]]:
    """Task with its mark -> its protocol in a line; and how the protocols of a task differ, a line for each.

    Args:
        columns: those that are shown.
    """
    lines: dict[str, str] = {}
    first: dict[str, tuple[str, OwnProtocol]] = {}
    told: list[str] = []
    for column in columns:
        name, protocol = column.head[0], column.protocol
        if not isinstance(protocol, OwnProtocol):
            continue
        if name in lines:
            if protocol.protocol.of_places:  # it says more than that of a run that does not look
                lines[name] = protocol.protocol.line()
            continue
        lines[name] = protocol.protocol.line()
        if column.task not in first:
            first[column.task] = (column.mark, protocol)
            continue
        mark, other = first[column.task]
        told.append(f"{column.task} {mark} and {column.mark} differ in {'; '.join(other.differs(protocol))}")
    return lines, told
