"""Changes of a spec as a tree: values put in another's place, keys renamed, parts moved, copied and nested."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis.strategies import DrawFn, SearchStrategy, integers, one_of, sampled_from

from compose.registry.registry import registry
from compose.spec.schema.document import keys
from compose.spec.schema.node_keys import EXTRA_KEYS
from tests.fuzz.hostile import NAMES, NUMBERS, TEXTS

Spot = tuple[Any, Any]
"""A dict or list, and a key or index of it."""
MOST_DEPTH = 120


@cache
def key_names() -> tuple[str, ...]:
    """Every key that means something somewhere in a spec."""
    parameters = {parameter.name for found in registry().all() for parameter in found.parameters}
    own = {key for schemas in EXTRA_KEYS.values() for key in schemas}
    return tuple(sorted({*keys(), *parameters, *own, "use", "stage", "inputs", "outputs", "params"}))


@cache
def class_names() -> tuple[str, ...]:
    """Every name that may stand after ``use:`` somewhere."""
    return tuple(sorted({found.name for found in registry().all()}))


def spots(tree: Any) -> Iterator[Spot]:
    """Every value of a tree by what holds it."""
    entries = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree))
    for key, value in entries:
        yield tree, key
        if isinstance(value, dict | list):
            yield from spots(value)


def values() -> SearchStrategy[Any]:
    """A value that may stand anywhere."""
    containers = sampled_from(([], {}, [[]], [None], [1, 2], {"use": "linear"}, {"a": {}}, [{"use": "map"}]))
    words = sampled_from((*NAMES, *class_names()))
    scalars = sampled_from((None, True, False))
    return one_of(sampled_from(NUMBERS), sampled_from(TEXTS), words, scalars, containers.map(copy.deepcopy))


def _value(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    holder, key = spot
    holder[key] = draw(values())


def _near(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    """A value like the one that stands there."""
    holder, key = spot
    old = holder[key]
    if isinstance(old, bool) or not isinstance(old, int | float):
        _value(draw, spot, tree)
    else:
        holder[key] = draw(sampled_from([float(old), -old, old + 1, old * 2, old / 3, 0, str(old), [old], old * 10**6]))


def _other_part(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    """A copy of another part of the spec."""
    holder, key = spot
    other, at = draw(sampled_from(list(spots(tree))))
    holder[key] = copy.deepcopy(other[at])


def _swapped(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    holder, key = spot
    other, at = draw(sampled_from(list(spots(tree))))
    first, second = copy.deepcopy(other[at]), copy.deepcopy(holder[key])
    other[at] = second
    holder[key] = first


def _removed(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    holder, key = spot
    del holder[key]


def _renamed(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    holder, key = spot
    if isinstance(holder, dict):
        name = draw(one_of(sampled_from(key_names()), sampled_from(NAMES), sampled_from(TEXTS)))
        entries = [(name if old == key else old, value) for old, value in holder.items()]
        holder.clear()
        holder.update(entries)


def _added(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    """A key more, beside or in the value."""
    holder, key = spot
    inner = holder[key] if isinstance(holder[key], dict) else holder
    if isinstance(inner, dict):
        inner[draw(sampled_from(key_names()))] = draw(values())
    else:
        inner.append(draw(values()))


def _nested(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    holder, key = spot
    inner = holder[key]
    for _ in range(draw(sampled_from((1, 1, 2, 5, 40, MOST_DEPTH)))):
        inner = [inner] if draw(integers(0, 1)) else {"a": inner}
    holder[key] = inner


def _reference(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    """A node fed by another one."""
    model = tree.get("model")
    names = list(model) if isinstance(model, dict) else []
    nodes = [node for node in model.values() if isinstance(node, dict)] if isinstance(model, dict) else []
    if names and nodes:
        name = draw(sampled_from([*names, "image", "labels.vectors", "targets"]))
        suffix = draw(sampled_from(("", "", ".0", ".7", ".out", ".attention", ".winner")))
        draw(sampled_from(nodes))["in"] = draw(sampled_from([f"{name}{suffix}", [f"{name}{suffix}"], [name, name]]))


def _class(draw: DrawFn, spot: Spot, tree: dict[str, Any]) -> None:
    """Another class after a ``use:``."""
    uses = [holder for holder, key in spots(tree) if key in ("use", "stage")]
    if uses:
        holder = draw(sampled_from(uses))
        holder["stage" if "stage" in holder else "use"] = draw(sampled_from(class_names()))


CHANGES: tuple[Callable[[DrawFn, Spot, dict[str, Any]], None], ...] = (
    _value, _value, _near, _near, _near, _near, _other_part, _swapped, _removed, _renamed, _added, _added, _nested,
    _reference, _class,
)  # fmt: skip


def change_slightly(draw: DrawFn, tree: dict[str, Any]) -> None:
    """Change a tree so that it may well stay right: a number, what feeds a node, something left out."""
    found = list(spots(tree))
    numbers = [(holder, key) for holder, key in found if type(holder[key]) in (int, float)]
    what = draw(sampled_from((_near, _near, _near, _reference, _removed)))
    spot = draw(sampled_from(numbers if what is _near and numbers else found))
    what(draw, spot, tree)


def change(draw: DrawFn, tree: dict[str, Any]) -> None:
    """Change a tree somewhere."""
    found = list(spots(tree))
    if found:
        draw(sampled_from(CHANGES))(draw, draw(sampled_from(found)), tree)
