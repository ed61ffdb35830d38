"""The differences of two specs as lines of text, each with what it tells of, which decides its colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from compose.difference.compared_spec import Cost
from compose.difference.spec_difference import EntryDifference, EntryState, SpecDifference
from compose.difference.value_difference import ABSENT, ValueDifference, shown
from compose.model.costs.summary import count
from compose.shown import printable

MARKS: Mapping[EntryState, str] = {"added": "+", "gone": "-", "changed": "~", "renamed": "=", "affected": ">"}
DETAIL = " " * 6
MOST = 100
"""Characters of a line of parameters."""
WHY = {"affected": "; other tensors reach it", "renamed": "; else the same"}


@dataclass(frozen=True)
class ToldLine:
    """A line of text, and what became of what it tells of; "" where that has no colour."""

    text: str
    of: EntryState | Literal["", "title", "detail"] = ""

    def __str__(self) -> str:
        return printable(self.text)


def lines(found: SpecDifference) -> Iterator[ToldLine]:
    """All that is told of a difference."""
    if not found:
        yield ToldLine(f"{found.before.title} and {found.after.title} are the same", "title")
        yield from (ToldLine(f"note: {note}") for note in found.notes)
        return
    yield ToldLine(f"--- {found.before.title}", "gone")
    yield ToldLine(f"+++ {found.after.title}", "added")
    for section, entries in found.sections.items():
        if entries:
            yield ToldLine("")
            yield ToldLine(section, "title")
            for entry in entries:
                yield from _entry(entry)
    if found.records:
        yield from (ToldLine(""), ToldLine("the runs", "title"))
        yield from (ToldLine(f"{MARKS['changed']} {text}", "changed") for text in found.records)
    yield ToldLine("")
    if found.same:
        yield ToldLine(f"the same: {', '.join(found.same)}")
    if found.totals:
        yield ToldLine(_totals(found.totals))
    yield from (ToldLine(f"note: {note}") for note in found.notes)


def _entry(entry: EntryDifference) -> Iterator[ToldLine]:
    """A line with the name and the class, and under it one for each port and for each parameter that differs."""
    told = ", ".join(filter(None, [_use(entry), _cost(entry)])) + WHY.get(entry.state, "")
    was = f" (was {entry.was})" if entry.was else ""
    head = f"{entry.name}{was}"
    if head or told:
        yield ToldLine(f"{MARKS[entry.state]} {': '.join(filter(None, [head, told]))}", entry.state)
    indent = DETAIL if head or told else f"{MARKS[entry.state]} "
    of: EntryState | Literal["detail"] = "detail" if head or told else entry.state
    yield from (ToldLine(f"{indent}{_wire(wire, entry.state)}", of) for wire in entry.wiring)
    if entry.state in ("added", "gone"):
        yield from (ToldLine(f"{indent}{text}", of) for text in _wrapped(entry.values))
    else:
        yield from (ToldLine(f"{indent}{value}", of) for value in entry.values)


def _use(entry: EntryDifference) -> str:
    before, after = entry.use
    if before == after or not before or not after:
        return before or after
    return f"{before} → {after}"


def _wire(wire: ValueDifference, state: EntryState) -> str:
    if wire.before is ABSENT:
        return f"{wire.key} ← {wire.after}"
    if wire.after is ABSENT:
        return f"{wire.key} ← {wire.before}{'' if state == 'gone' else ' → nothing'}"
    return f"{wire.key} ← {wire.before} → {wire.after}"


def _wrapped(values: Sequence[ValueDifference]) -> Iterator[str]:
    """The parameters that one spec writes, several on a line."""
    line = ""
    for value in values:
        text = f"{value.key} {shown(value.after if value.before is ABSENT else value.before)}"
        if line and len(line) + len(text) > MOST:
            yield line
            line = ""
        line = f"{line}, {text}" if line else text
    if line:
        yield line


def _cost(entry: EntryDifference) -> str:
    if entry.cost is None:
        return ""
    before, after = entry.cost
    if entry.state == "added":
        return _numbers(after)
    if entry.state == "gone":
        return _numbers(before)
    parts = {"parameters": (before.parameters, after.parameters), "FLOPs": (before.flops, after.flops)}
    return ", ".join(f"{name} {count(old)} → {count(new)}" for name, (old, new) in parts.items() if old != new)


def _numbers(cost: Cost) -> str:
    parts = {"parameters": cost.parameters, "FLOPs": cost.flops}
    return ", ".join(f"{count(number)} {name}" for name, number in parts.items() if number)


def _totals(totals: tuple[Cost, Cost]) -> str:
    parts = {
        "parameters": [cost.parameters for cost in totals],
        "FLOPs an example": [cost.flops for cost in totals],
    }
    return "; ".join(f"{name}: {_growth(numbers)}" for name, numbers in parts.items())


def _growth(numbers: Sequence[int]) -> str:
    ((before, after),) = pairwise(numbers)
    if before == after:
        return count(before)
    sign = "+" if after > before else "-"
    share = f", {sign}{100 * abs(after - before) / before:.1f}%" if before else ""
    return f"{count(before)} → {count(after)} ({sign}{count(abs(after - before))}{share})"
