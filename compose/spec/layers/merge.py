"""Lay one tree over another: a mapping merges, a list or scalar replaces, ``null`` marks what is removed.

What ``null`` means depends on the key, and is settled when all layers are laid (:mod:`compose.spec.layers.null`). Until
then a key that it stands at is :class:`Removed`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from compose.errors import Place
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree

WIRING = ("in", "repeat", "carry", "collect", "share", "weight")
"""Keys that stay when an overlay names another ``use``: they say where a node stands, not what it is."""
SELECTORS = ("use", "stage")


@dataclass(frozen=True)
class Removed(Scalar):
    """A ``null`` of a layer.

    Args:
        was: what the layers below have there; None where they have nothing.
        ignored: what later layers say of it without making it anew.
    """

    was: Tree | None = field(default=None, kw_only=True)
    ignored: tuple[Tree, ...] = field(default=(), kw_only=True)


def is_null(tree: Tree) -> bool:
    """Whether a value is ``null``."""
    return isinstance(tree, Scalar) and tree.value is None


def merge(base: Tree | None, over: Tree) -> Tree:
    """``over`` laid on ``base``.

    Where ``over`` names another ``use`` or ``stage`` than ``base``, the parameters of the old one are dropped and its
    wiring kept. What was removed stays so, unless ``over`` names anew what it is.
    """
    if isinstance(over, Scalar) and over.value is None:
        return base if isinstance(base, Removed) else Removed(over.place, None, layer=over.layer, was=base)
    if not isinstance(over, Mapping):
        return over
    if isinstance(base, Removed):
        if not _makes_anew(base.was, over):
            return replace(base, ignored=(*base.ignored, over))
        base = _entries_removed(base)
    if not isinstance(base, Mapping):
        base = Mapping(over.place, {}, {}, layer=over.layer)
    if _renames(base, over):
        base = replace(_only(base, WIRING), place=over.place)
    items, keys = dict(base.items), dict(base.keys)
    for key, value in over.items.items():
        items[key] = merge(items.get(key), value)
        keys[key] = over.keys[key]
    return replace(base, items=items, keys=keys)


def set_at(tree: Tree, path: tuple[str | int, ...], value: Tree, places: tuple[Place, ...] = ()) -> Tree:
    """The tree with ``value`` laid over what stands at a path; mappings on the way are made where missing.

    Args:
        tree: what it is laid over.
        path: where.
        value: what is laid there.
        places: where each step of the path is written; all of them at the value where not given.

    Raises:
        KeyError: the path leads through a scalar, past the end of a list, or to an item of what is no list;
            ``args[0]`` is how many steps are good.
    """
    if not path:
        return merge(tree, value)
    places = places or (value.place,) * len(path)
    step, rest = path[0], path[1:]
    if isinstance(tree, Sequence) and isinstance(step, int) and 0 <= step < len(tree.items):
        items = list(tree.items)
        items[step] = _deeper(items[step], rest, value, places[1:])
        return replace(tree, items=tuple(items))
    if isinstance(tree, Removed):
        return merge(tree, _nested(path, value, places))
    key = str(step)
    if not isinstance(tree, Mapping) or (isinstance(step, int) and key not in tree.items):
        raise KeyError(0)
    if not rest or isinstance(tree.items.get(key), Removed):
        return merge(tree, _nested(path, value, places))
    empty = Mapping(value.place, {}, {}, layer=value.layer)
    inner = _deeper(tree.items.get(key, empty), rest, value, places[1:])
    return replace(tree, items={**tree.items, key: inner}, keys={**tree.keys, key: tree.keys.get(key, places[0])})


def _deeper(tree: Tree, rest: tuple[str | int, ...], value: Tree, places: tuple[Place, ...]) -> Tree:
    try:
        return set_at(tree, rest, value, places)
    except KeyError as error:
        raise KeyError(error.args[0] + 1) from None


def _nested(path: tuple[str | int, ...], value: Tree, places: tuple[Place, ...]) -> Tree:
    """``a.b.c`` and a value as an overlay."""
    for step, place in zip(reversed(path), reversed(places), strict=True):
        value = Mapping(value.place, {str(step): value}, {str(step): place}, layer=value.layer)
    return value


def _makes_anew(was: Tree | None, over: Mapping) -> bool:
    """Whether an overlay says what the removed thing is, and not only how it differs from what it was."""
    names = _identity(was) if isinstance(was, Mapping) else ()
    return not names or any(name in over.items and not is_null(over.items[name]) for name in names)


def _identity(was: Mapping) -> tuple[str, ...]:
    """The keys, one of which says what a mapping is; none where it is only a section or a group of settings."""
    if any(isinstance(was.get(key), Scalar) for key in ("use", "share")):
        return ("use", "share")
    if isinstance(was.get("stage"), Scalar):
        return ("stage",)
    if {"model", "outputs"} <= set(was.items):
        return ("outputs",)
    return ("in",) if isinstance(was.get("in"), Scalar) else ()


def _entries_removed(removed: Removed) -> Mapping:
    """What was removed as a mapping, each mapping in it removed by itself."""
    was = removed.was if isinstance(removed.was, Mapping) and not _identity(removed.was) else None
    inner = {key: value for key, value in was.items.items() if isinstance(value, Mapping)} if was else {}
    items: dict[str, Tree] = {
        key: Removed(removed.place, None, layer=removed.layer, was=value) for key, value in inner.items()
    }
    return Mapping(removed.place, items, dict.fromkeys(items, removed.place), layer=removed.layer)


def _renames(base: Mapping, over: Mapping) -> bool:
    pairs = [(base.get(key), over.get(key)) for key in SELECTORS]
    return any(
        isinstance(old, Scalar) and isinstance(new, Scalar) and new.value is not None and old.value != new.value
        for old, new in pairs
    )


def _only(tree: Mapping, names: tuple[str, ...]) -> Mapping:
    kept = [key for key in tree.items if key in names]
    return replace(tree, items={k: tree.items[k] for k in kept}, keys={k: tree.keys[k] for k in kept})
