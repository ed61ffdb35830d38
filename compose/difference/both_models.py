"""Two models in one diagram, of which each part says what became of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from compose.difference.spec_difference import EntryDifference, SpecDifference
from compose.drawing.graph.diagram import Arrow, Box, Diagram, diagram

MOST_LINES = 4
"""Differences that stand in a box."""
GONE = " (gone)"
"""Behind the key of a box whose name the second model gives to another."""
Rename = Callable[[str], str]


def both_models(found: SpecDifference) -> Diagram:
    """The second model, and what it lacks of the first; boxes that are renamed stand under their new names.

    Arrows that are gone and would lead back are left out: they end at a box that is marked as changed.
    """
    title = f"{found.before.title} → {found.after.title}"
    before, after = (diagram(side.spec.plan, title=title) for side in (found.before, found.after))
    entries = [(part, entry) for part in ("model", "loss") for entry in found.sections[part]]
    of_second = {(part, entry.name): entry for part, entry in entries if entry.state != "gone"}
    as_second = _renaming(entries, {box.key for box in after.boxes})
    old = {as_second(box.key): box for box in before.boxes}
    boxes = [_of_second(box, box.key in old, of_second.get(_entry_key(box.key))) for box in after.boxes]
    there = {box.key for box in boxes}
    boxes += [replace(box, key=key, mark="gone") for key, box in old.items() if key not in there]
    arrows = _arrows([replace(a, start=as_second(a.start), end=as_second(a.end)) for a in before.arrows], after.arrows)
    return Diagram(title, _in_order(boxes, arrows), arrows)


def _entry_key(key: str) -> tuple[str, str]:
    """Which entry of the spec a box belongs to."""
    head, _, rest = key.partition(".")
    return ("loss", rest) if head == "loss" else ("model", head)


def _renaming(entries: Sequence[tuple[str, EntryDifference]], taken: Collection[str]) -> Rename:
    """The keys of the first diagram's boxes in the diagram of both.

    Args:
        entries: what became of the nodes and losses.
        taken: the keys of the second diagram, one of which something that is gone may have had.
    """
    names = {(part, entry.was): entry.name for part, entry in entries if entry.was}
    names |= {(part, entry.name): f"{entry.name}{GONE}" for part, entry in entries if entry.state == "gone"}

    def as_second(key: str) -> str:
        part, name = _entry_key(key)
        new = names.get((part, name), name)
        prefix = "loss." if part == "loss" else ""
        inner = key.removeprefix(prefix + name)
        return key if new == name or (new.endswith(GONE) and key not in taken) else f"{prefix}{new}{inner}"

    return as_second


def _of_second(box: Box, is_old: bool, entry: EntryDifference | None) -> Box:
    """A box of the second model."""
    if not is_old:
        return replace(box, mark="added")
    if entry is None or box.role == "input" or entry.state == "affected":
        return box
    was = [entry.was, entry.use[0] if entry.use[0] != entry.use[1] else ""]
    told = [*(f"was {name}" for name in was if name), *map(str, entry.values)]
    told = [*told[: MOST_LINES - 1], f"and {len(told) - MOST_LINES + 1} more"] if len(told) > MOST_LINES else told
    return replace(box, mark="changed", lines=(*box.lines, *told))


def _arrows(before: Sequence[Arrow], after: Sequence[Arrow]) -> tuple[Arrow, ...]:
    """The arrows of the second model, and those of the first that are gone and lead onward."""
    found = [arrow if _is_in(arrow, before) else replace(arrow, mark="added") for arrow in after]
    for arrow in before:
        if not _is_in(arrow, after) and not _leads(arrow.end, arrow.start, found):
            found.append(replace(arrow, mark="gone"))
    return tuple(dict.fromkeys(found))


def _is_in(arrow: Arrow, others: Sequence[Arrow]) -> bool:
    """Whether a model has an arrow; its ports are compared where both name them."""
    between = [other.label for other in others if (other.start, other.end) == (arrow.start, arrow.end)]
    return bool(between) and (not arrow.label or arrow.label in between or "" in between)


def _leads(start: str, end: str, arrows: Sequence[Arrow]) -> bool:
    """Whether arrows lead from one box to another."""
    reached, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        onward = {arrow.end for arrow in arrows if arrow.start == here} - reached
        reached |= onward
        waiting += onward
    return end in reached


def _in_order(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> tuple[Box, ...]:
    """The boxes so that every arrow leads onward, else as they are."""
    return tuple(boxes[index] for index in _order([box.key for box in boxes], arrows))


def _order(keys: Sequence[str], arrows: Sequence[Arrow]) -> Iterator[int]:
    number = {key: index for index, key in enumerate(keys)}
    edges = {(number[arrow.start], number[arrow.end]) for arrow in arrows}
    missing = [sum(end == index for _, end in edges) for index in range(len(keys))]
    ready = [index for index, count in enumerate(missing) if not count]
    while ready:
        index = heapq.heappop(ready)
        yield index
        for _, end in sorted(edge for edge in edges if edge[0] == index):
            missing[end] -= 1
            if not missing[end]:
                heapq.heappush(ready, end)
