"""How large composites and repeats may make a model: told before one without a bound is written out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from typing import TypeAlias

from compose.errors import Note, Place, SpecError, SpecErrors
from compose.spec.schema.node_keys import NODE_KEYS
from compose.spec.wiring.composite_cycles import circles
from compose.spec.yaml.tree import Mapping, Scalar, Tree

MOST_STEPS = 600
"""How many blocks a model may compute: each copy of a repeated one, and each one in a composite, by itself."""
MOST_LOSSES = 300
"""How many losses a spec may have."""
MOST_LEVELS = 30
"""How many composites may stand in one another."""
MOST_COPIES: int = NODE_KEYS["repeat"]["maximum"]
COUNTED = 10**12
"""Up to where a number is shown in full."""

_Uses: TypeAlias = list[tuple[str, int]]
"""The composites that stand in something ("" for plain blocks), and how often each."""


@dataclass(frozen=True)
class _Extent:
    """How many composites stand in one another in a composite, itself one, and how many blocks it computes."""

    levels: int
    blocks: int


class Expansion:
    """Counts the steps of a model while it is written out.

    Each composite is also written out once by itself, for its ports, so that more are made than count.

    Args:
        most: how many may be made.
    """

    def __init__(self, most: int = 2 * MOST_STEPS) -> None:
        self.most, self.made = most, 0

    def step(self, place: Place, uses: tuple[Note, ...]) -> None:
        """Count a step.

        Raises:
            SpecErrors: there are more than may be made.
        """
        self.made += 1
        if self.made > self.most:
            raise SpecErrors([_too_many(f"more than {self.most:,} blocks", place, uses[:1])])


def unbounded(tree: Mapping) -> list[SpecError]:
    """What is too large to be written out: composites that contain themselves, stand too deep, or hold too much.

    Args:
        tree: a spec whose nulls are settled, or what stands for one.
    """
    blocks, model = tree.get("blocks"), tree.get("model")
    bodies = blocks.items if isinstance(blocks, Mapping) else {}
    if endless := circles(blocks):
        return endless
    extents = _extents({name: _uses(body.get("model"), bodies) for name, body in _mappings(bodies)})
    deepest = max(extents, key=lambda name: extents[name].levels, default="")
    if deepest and extents[deepest].levels > MOST_LEVELS and isinstance(blocks, Mapping):
        message = f"the block `{deepest}` has composite blocks in one another, {extents[deepest].levels:,} levels deep"
        return [SpecError("too-deep", message, blocks.keys[deepest], f"at most {MOST_LEVELS} levels")]
    if many := _too_many_losses(tree.get("loss")):
        return many
    nodes = dict(_mappings(model.items)) if isinstance(model, Mapping) else {}
    sizes = {name: _blocks(_of_node(node, bodies), extents) for name, node in nodes.items()}
    if sum(sizes.values()) <= MOST_STEPS or not isinstance(model, Mapping):
        return []
    largest = max(sizes, key=lambda name: sizes[name])
    counted = f"{_shown(sum(sizes.values()))} blocks, {_shown(sizes[largest])} of them in `{largest}`"
    return [_too_many(counted, model.keys[largest])]


def _too_many_losses(loss: Tree | None) -> list[SpecError]:
    """The error of a spec with more losses than one can have."""
    if not isinstance(loss, Mapping) or len(loss.items) <= MOST_LOSSES:
        return []
    message = f"the spec has {len(loss.items):,} losses"
    return [SpecError("too-many-losses", message, loss.place, f"at most {MOST_LOSSES} losses")]


def _too_many(counted: str, place: Place, notes: tuple[Note, ...] = ()) -> SpecError:
    message = f"the model computes {counted}"
    return SpecError("too-many-steps", message, place, f"at most {MOST_STEPS:,} blocks", notes=notes)


def _shown(count: int) -> str:
    return f"{count:,}" if count <= COUNTED else f"more than {COUNTED:,}"


def _mappings(items: MappingType[str, Tree]) -> Iterator[tuple[str, Mapping]]:
    return ((name, value) for name, value in items.items() if isinstance(value, Mapping))


def _uses(nodes: Tree | None, bodies: Collection[str]) -> _Uses:
    found = dict(_mappings(nodes.items)) if isinstance(nodes, Mapping) else {}
    return [_of_node(node, bodies) for node in found.values()]


def _of_node(node: Mapping, bodies: Collection[str]) -> tuple[str, int]:
    """What a node uses, and how often: a number that no node may have is told elsewhere, one of a parameter later."""
    used, repeat = node.get("use"), node.get("repeat")
    name = str(used.value) if isinstance(used, Scalar) else ""
    given = repeat.value if isinstance(repeat, Scalar) else None
    times = int(given) if isinstance(given, int | float) and 1 <= given <= MOST_COPIES else 1
    return name if name in bodies else "", times


def _blocks(use: tuple[str, int], extents: MappingType[str, _Extent]) -> int:
    name, times = use
    return times * (extents[name].blocks if name in extents else 1)


def _extents(uses: MappingType[str, _Uses]) -> dict[str, _Extent]:
    """Composite -> its extent; none contains itself."""
    found: dict[str, _Extent] = {}
    for start in uses:
        path = [start]
        while path:
            waits = [name for name, _ in uses[path[-1]] if name in uses and name not in found]
            if waits:
                path.append(waits[0])
            else:
                name = path.pop()
                levels = (found[inner].levels for inner, _ in uses[name] if inner in found)
                found[name] = _Extent(1 + max(levels, default=0), sum(_blocks(use, found) for use in uses[name]))
    return found
