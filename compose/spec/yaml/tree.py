"""A YAML document as a tree that remembers where each key and value stands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from compose.errors import Place

Plain: TypeAlias = Any
"""A document as Python's dicts, lists and scalars."""

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Node:
    """A value and where it stands; ``layer`` names the variant or override that set it ("" for the spec itself)."""

    place: Place
    layer: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Scalar(Node):
    """A string, number, boolean or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True)
class Sequence(Node):
    """A list."""

    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Mapping(Node):
    """A mapping with text keys, in the order of the file; ``keys`` holds the place of each key.

    Where layers took a key away, ``gone`` holds the place of the null that did.
    """

    items: dict[str, Tree]
    keys: dict[str, Place]
    gone: dict[str, Place] = field(default_factory=dict, kw_only=True)

    def get(self, key: str) -> Tree | None:
        """The value under a key, or None."""
        return self.items.get(key)


Tree: TypeAlias = Scalar | Sequence | Mapping


def plain(tree: Tree) -> Plain:
    """The tree as dicts, lists and scalars."""
    match tree:
        case Mapping():
            return {key: plain(value) for key, value in tree.items.items()}
        case Sequence():
            return [plain(item) for item in tree.items]
        case Scalar():
            return tree.value


def descend(tree: Tree, path: Path) -> Tree | None:
    """The value at a path, or None where the path leaves the tree."""
    for step in path:
        inner = _child(tree, step)
        if inner is None:
            return None
        tree = inner
    return tree


def _child(tree: Tree, step: str | int) -> Tree | None:
    match tree, step:
        case Mapping(), str():
            return tree.items.get(step)
        case Sequence(), int() if 0 <= step < len(tree.items):
            return tree.items[step]
    return None


def place_of(tree: Tree, path: Path, *, key: bool = False) -> Place:
    """Where the value at a path stands (its key with ``key``); the nearest enclosing value where there is none."""
    found, at = tree, tree.place
    for step in path:
        inner = descend(found, (step,))
        if inner is None:
            break
        at = found.keys[step] if key and isinstance(found, Mapping) and isinstance(step, str) else inner.place
        found = inner
    return at


def leaves(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar with its path, in the order of the file."""
    match tree:
        case Scalar():
            yield path, tree
        case Sequence():
            for index, item in enumerate(tree.items):
                yield from leaves(item, (*path, index))
        case Mapping():
            for key, value in tree.items.items():
                yield from leaves(value, (*path, key))


def without(tree: Mapping, names: Collection[str]) -> Mapping:
    """A mapping without some of its keys."""
    items = {key: value for key, value in tree.items.items() if key not in names}
    return replace(tree, items=items, keys={key: tree.keys[key] for key in items})


def relabel(tree: Tree, layer: str) -> Tree:
    """The same tree, all of it set by ``layer``."""
    match tree:
        case Mapping():
            return replace(tree, items={k: relabel(v, layer) for k, v in tree.items.items()}, layer=layer)
        case Sequence():
            return replace(tree, items=tuple(relabel(item, layer) for item in tree.items), layer=layer)
        case Scalar():
            return replace(tree, layer=layer)


def graft(value: Plain, place: Place) -> Tree:
    """A plain value as a tree, all of it at one place."""
    match value:
        case dict():
            return Mapping(place, {k: graft(v, place) for k, v in value.items()}, dict.fromkeys(value, place))
        case list() | tuple():
            return Sequence(place, tuple(graft(item, place) for item in value))
    return Scalar(place, value)
