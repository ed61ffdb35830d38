"""Lay one tree over another: a mapping merges, ``null`` removes a key, a list or scalar replaces."""

from __future__ import annotations

from dataclasses import replace

from compose.errors import SpecError, nearest
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, place_of

WIRING = ("in", "repeat", "carry", "collect", "share", "weight")
"""Keys that stay when an overlay names another ``use``: they say where a node stands, not what it is."""


def merge(base: Tree | None, over: Tree) -> Tree:
    """``over`` laid on ``base``.

    Where ``over`` names another ``use`` than ``base``, the parameters of the old one are dropped and its wiring kept.
    """
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return without_nulls(over)
    if _renames(base, over):
        base = replace(_only(base, WIRING), place=over.place)
    items, keys = dict(base.items), dict(base.keys)
    for key, value in over.items.items():
        if isinstance(value, Scalar) and value.value is None:
            items.pop(key, None)
            keys.pop(key, None)
        else:
            items[key] = merge(items.get(key), value)
            keys[key] = over.keys[key]
    return replace(base, items=items, keys=keys)


def without_nulls(tree: Tree) -> Tree:
    """The tree without the keys that ``null`` removes."""
    if not isinstance(tree, Mapping):
        return tree
    items = {k: without_nulls(v) for k, v in tree.items.items() if not (isinstance(v, Scalar) and v.value is None)}
    return replace(tree, items=items, keys={k: tree.keys[k] for k in items})


NAMED = {"": "key", "model": "node", "loss": "term", "blocks": "block"}
"""Mappings from which an overlay removes by name, and what is named there; "" is the spec itself."""


def removes_nothing(base: Mapping, over: Mapping) -> list[SpecError]:
    """The names of an overlay that ``null`` should remove, but that do not stand in what it is laid over."""
    errors = []
    for section, what in NAMED.items():
        below, above = (base.get(section), over.get(section)) if section else (base, over)
        known = list(below.items) if isinstance(below, Mapping) else []
        for name in _nulls(above):
            if name not in known:
                expected = f"one of {', '.join(known)}" if known else f"no name: there is no {what}"
                place = place_of(over, (section, name) if section else (name,), key=True)
                message = f"there is no {what} `{name}` to remove"
                errors.append(SpecError(f"unknown-{what}", message, place, expected, nearest(name, known)))
    return errors


def _nulls(tree: Tree | None) -> list[str]:
    items = tree.items.items() if isinstance(tree, Mapping) else ()
    return [key for key, value in items if isinstance(value, Scalar) and value.value is None]


def set_at(tree: Tree, path: tuple[str | int, ...], value: Tree) -> Tree:
    """The tree with ``value`` laid over what stands at a path; mappings on the way are made where missing.

    Raises:
        KeyError: the path leads through a scalar or past the end of a list; ``args[0]`` is how many steps are good.
    """
    if not path:
        return merge(tree, value)
    step, rest = path[0], path[1:]
    if isinstance(tree, Sequence) and isinstance(step, int) and 0 <= step < len(tree.items):
        items = list(tree.items)
        items[step] = _deeper(items[step], rest, value)
        return replace(tree, items=tuple(items))
    if not isinstance(tree, Mapping):
        raise KeyError(0)
    key = str(step)
    empty = Mapping(value.place, {}, {}, layer=value.layer)
    inner = value if not rest else _deeper(tree.items.get(key, empty), rest, value)
    over = Mapping(value.place, {key: inner}, {key: tree.keys.get(key, value.place)}, layer=value.layer)
    if not rest:
        return merge(tree, over)
    return replace(tree, items={**tree.items, key: inner}, keys={**tree.keys, key: over.keys[key]})


def _deeper(tree: Tree, rest: tuple[str | int, ...], value: Tree) -> Tree:
    try:
        return set_at(tree, rest, value)
    except KeyError as error:
        raise KeyError(error.args[0] + 1) from None


def _renames(base: Mapping, over: Mapping) -> bool:
    old, new = base.get("use"), over.get("use")
    return isinstance(old, Scalar) and isinstance(new, Scalar) and old.value != new.value


def _only(tree: Mapping, names: tuple[str, ...]) -> Mapping:
    kept = [key for key in tree.items if key in names]
    return replace(tree, items={k: tree.items[k] for k in kept}, keys={k: tree.keys[k] for k in kept})
