"""Which nodes a node reads, by name alone: the order of computation, cycles, and what nothing reads."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree


def texts(tree: Tree | None) -> list[str]:
    """Every reference below ``in:``, ``outputs:`` and the like."""
    match tree:
        case Scalar(value=str(text)):
            return [text]
        case Sequence():
            return [text for item in tree.items for text in texts(item)]
        case Mapping():
            return [text for item in tree.items.values() for text in texts(item)]
    return []


def heads(tree: Tree | None, nodes: Mapping) -> list[str]:
    """The nodes that these references begin with."""
    return [head for text in texts(tree) if (head := text.split(".")[0]) in nodes.items]


def edges(nodes: Mapping) -> dict[str, list[str]]:
    """Node -> the nodes that it reads or shares weights with."""
    found = {}
    for name, node in nodes.items.items():
        reads = [*heads(node.get("in"), nodes), *heads(node.get("share"), nodes)] if isinstance(node, Mapping) else []
        found[name] = list(dict.fromkeys(reads))
    return found


def order(reads: dict[str, list[str]]) -> tuple[list[str], list[list[str]]]:
    """The nodes so that each comes after what it reads, and the cycles that were cut to get there."""
    reads = {name: list(read) for name, read in reads.items()}
    cycles: list[list[str]] = []
    while True:
        try:
            return list(TopologicalSorter(reads).static_order()), cycles
        except CycleError as error:
            cycle = list(reversed(error.args[1][1:]))  # each reads the next
            cycles.append(cycle)
            reads[cycle[-1]].remove(cycle[0])


def reached(reads: dict[str, list[str]], start: Iterable[str]) -> set[str]:
    """The nodes that these depend on, themselves included."""
    seen: set[str] = set()
    stack = list(start)
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack += reads[name]
    return seen


def unread(reads: dict[str, list[str]], start: Iterable[str]) -> list[str]:
    """The nodes that nothing reads, without those that only feed such nodes."""
    used = reached(reads, start)
    loose = [name for name in reads if name not in used]
    feeding = {read for name in loose for read in reads[name]}
    return [name for name in loose if name not in feeding]
