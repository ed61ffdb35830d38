"""Numbers that tell the protocols of one task apart, and the words that say how they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from compose.evaluation.comparison.columns import Column, OwnProtocol


def marked(blocks: Sequence[Sequence[Column]]) -> list[list[Column]]:
    """The columns, with ``[1]``, ``[2]`` behind a task that was measured by several protocols.

    Args:
        blocks: the columns of each block, in an order that does not depend on that of the runs. As far as can be, all
            tasks of a block have its number.
    """
    columns = [column for block in blocks for column in block]
    of_task: dict[str, dict[str, int]] = defaultdict(dict)
    number = 0
    for block in blocks:
        number += 1
        for column in block:
            known = of_task[column.task]
            if isinstance(column.protocol, OwnProtocol) and (apart := _apart(column, columns)) not in known:
                number += number in known.values()
                known[apart] = number
    marks = {
        (task, apart): f"[{number}]"
        for task, found in of_task.items()
        if len(found) > 1
        for apart, number in found.items()
    }
    return [
        [replace(column, mark=marks.get((column.task, _apart(column, columns)), "")) for column in block]
        for block in blocks
    ]


def _apart(column: Column, columns: Sequence[Column]) -> str:
    """What is numbered: the protocol, and how places are judged only where that tells two columns apart."""
    if not isinstance(column.protocol, OwnProtocol):
        return column.identity
    rest = column.protocol.identity(places=False)
    same = {
        other.identity
        for other in columns
        if isinstance(other.protocol, OwnProtocol)
        and (other.task, other.metric) == (column.task, column.metric)
        and other.protocol.identity(places=False) == rest
    }
    return column.identity if len(same) > 1 else rest


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
