"""Composites that contain themselves, directly or over others, whether a model uses them or not."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as MappingType

from compose.errors import Note, SpecError
from compose.spec.yaml.tree import Mapping, Scalar, Tree

SHOWN = 8
"""Names of a circle that are told."""


def circles(blocks: Tree | None) -> list[SpecError]:
    """The mistakes of composites that contain themselves: a circle each, at the node that closes it.

    Args:
        blocks: the composites of a spec by name.
    """
    bodies = blocks.items if isinstance(blocks, Mapping) else {}
    uses = {name: dict(_uses(body, bodies)) for name, body in bodies.items()}
    return [_error(circle, uses) for circle in _found(uses)]


def _uses(body: Tree, bodies: MappingType[str, Tree]) -> Iterator[tuple[str, Mapping]]:
    """The composites that a composite uses, each with a node that does so."""
    model = body.get("model") if isinstance(body, Mapping) else None
    for node in model.items.values() if isinstance(model, Mapping) else ():
        used = node.get("use") if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and isinstance(used, Scalar) and str(used.value) in bodies:
            yield str(used.value), node


def _found(uses: MappingType[str, MappingType[str, Mapping]]) -> Iterator[list[str]]:
    """The circles, one for each composite at which one closes."""
    done: set[str] = set()
    closed: set[str] = set()
    for start in uses:
        path, open_uses = [start], [iter(uses[start])]
        while path:
            inner = next(open_uses[-1], None)
            if inner is None:
                done.add(path.pop())
                open_uses.pop()
            elif inner in path:
                if inner not in closed:
                    closed.add(inner)
                    yield path[path.index(inner) :]
            elif inner not in done:
                path.append(inner)
                open_uses.append(iter(uses[inner]))


def _error(circle: list[str], uses: MappingType[str, MappingType[str, Mapping]]) -> SpecError:
    first, links = circle[0], [*zip(circle, [*circle[1:], circle[0]], strict=True)]
    named = circle if len(circle) <= SHOWN else [*circle[: SHOWN - 1], f"… {len(circle) - SHOWN:,} more …", circle[-1]]
    notes = [Note(f"`{outer}` uses `{inner}`", uses[outer][inner].place) for outer, inner in links[:-1]]
    message = f"the block `{first}` contains itself: {' -> '.join([*named, first])}"
    place = uses[circle[-1]][first].place
    return SpecError("composite-cycle", message, place, "a block that holds only others", notes=notes[: SHOWN - 1])
