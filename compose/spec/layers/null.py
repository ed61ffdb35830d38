"""The one rule for ``null``, applied when all layers are laid.

What has a name of its own (a node, a loss, a stage, a section, a composite block) is removed by ``null``, and so is the
wire to a port. A parameter that may be null is null; any other parameter or key goes back to its default. The same
text means the same in a plain spec, in a variant, in a spec that extends another, and in ``-s``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any

from compose.block import Kind
from compose.errors import SpecError, nearest
from compose.registry.declaration import Declaration, Parameter, admits_null
from compose.registry.registry import Registry
from compose.spec.layers.merge import Removed, is_null
from compose.spec.schema.document import keys
from compose.spec.schema.node_keys import EXTRA_KEYS, NODE_KEYS, selector
from compose.spec.yaml.tree import Mapping, Path, Scalar, Sequence, Tree, descend

NAMED = {"model": "node", "loss": "term", "train": "stage", "blocks": "block"}
"""Sections of named entries, and what an entry is."""


@dataclass(frozen=True)
class Settled:
    """A spec in which no ``null`` is left to interpret.

    Args:
        tree: the spec.
        removed: section -> name -> what removed it, for every entry that is known and not there.
        errors: names that should be removed and are known nowhere.
        notes: what is left out because it is said of something removed.
    """

    tree: Mapping
    removed: dict[str, dict[str, Removed]] = field(default_factory=dict)
    errors: tuple[SpecError, ...] = ()
    notes: tuple[str, ...] = ()


def settle(tree: Mapping, registry: Registry, overlays: Iterable[Mapping] = ()) -> Settled:
    """Apply the rule.

    Args:
        tree: all layers, merged.
        registry: what the names mean.
        overlays: the variants that the spec offers, chosen or not: what they add is known, and may be removed.
    """
    settler = _Settler(registry, tuple(overlays), tree)
    settled = settler.spec(tree)
    return Settled(settled, settler.removed, tuple(settler.errors), tuple(settler.notes))


class _Settler:
    def __init__(self, registry: Registry, overlays: tuple[Mapping, ...], tree: Mapping) -> None:
        self.registry, self.overlays = registry, overlays
        blocks = tree.get("blocks")
        self.composites = blocks.items if isinstance(blocks, Mapping) else {}
        self.removed: dict[str, dict[str, Removed]] = {}
        self.errors: list[SpecError] = []
        self.notes: list[str] = []

    def spec(self, tree: Mapping) -> Mapping:
        """A whole spec."""
        known = keys()

        def settled(key: str, value: Tree) -> Tree | None:
            if is_null(value):
                return None if key in known else value
            return self._section(key, value)

        return _kept(tree, settled)

    def _section(self, name: str, tree: Tree) -> Tree | None:
        if not isinstance(tree, Mapping):
            return tree
        if name in NAMED:
            return self._named(tree, (name,), NAMED[name], self._entry(name))
        if name == "data":
            return self._chosen(tree, "data")
        found = self.registry.find("section", name)
        return self._declared(tree, found) if found else self._free(tree, {})

    # --- entries with a name ------------------------------------------------------------------------------------------

    def _entry(self, section: str) -> Callable[[str, Mapping], Tree]:
        if section == "model":
            return lambda name, node: self._node(node)
        if section == "loss":
            return lambda name, term: self._chosen(term, "loss")
        if section == "train":
            return lambda name, stage: self._chosen(stage, "stage")
        return self._composite

    def _named(self, tree: Mapping, path: Path, what: str, settle: Callable[[str, Mapping], Tree]) -> Mapping | None:
        """A mapping of named entries; None where all of them are removed."""

        def entry(name: str, value: Tree) -> Tree | None:
            if isinstance(value, Removed):
                self._remove(tree, path, what, name, value)
                return None
            return settle(name, value) if isinstance(value, Mapping) else value

        found = _kept(tree, entry)
        return found if found.items or not tree.items else None

    def _remove(self, tree: Mapping, path: Path, what: str, name: str, gone: Removed) -> None:
        if gone.was is None and not (gone.layer and name in self._offered(path)):
            known = [key for key, value in tree.items.items() if not (isinstance(value, Removed) and not value.was)]
            expected = f"one of {', '.join(known)}" if known else f"no name: there is no {what}"
            message = f"there is no {what} `{name}` to remove"
            self.errors.append(SpecError("removes-nothing", message, tree.keys[name], expected, nearest(name, known)))
            return
        self.removed.setdefault(".".join(map(str, path)), {})[name] = gone
        for said in gone.ignored:
            where = ".".join(map(str, (*path, name)))
            self.notes.append(f"{set_by(gone)} removes `{where}`, so what {set_by(said)} says of it is left out")

    def _offered(self, path: Path) -> Collection[str]:
        """The names that the variants have in a section."""
        sections = [descend(overlay, path) for overlay in self.overlays]
        return {
            key for found in sections if isinstance(found, Mapping) for key, v in found.items.items() if not is_null(v)
        }

    def _node(self, node: Mapping) -> Tree:
        used = node.get("use")
        body = self.composites.get(str(used.value)) if isinstance(used, Scalar) else None
        if not isinstance(body, Mapping):
            return self._chosen(node, "block")
        params = body.get("params")
        known = {*NODE_KEYS, "use", *(params.items if isinstance(params, Mapping) else ())}
        return _kept(node, lambda key, value: None if is_null(value) and key in known else value)

    def _composite(self, name: str, body: Mapping) -> Tree:
        def part(key: str, value: Tree) -> Tree | None:
            if key == "model" and isinstance(value, Mapping):
                return self._named(value, ("blocks", name, "model"), "node", lambda _, node: self._node(node))
            if is_null(value):
                return None
            return self._free(value, {}) if key == "outputs" else value

        return _kept(body, part)  # in `params`, null is a parameter without default

    # --- parameters ---------------------------------------------------------------------------------------------------

    def _chosen(self, tree: Mapping, kind: Kind) -> Mapping:
        """A ``{use: NAME, ...}``."""
        named = tree.get(selector(kind))
        found = self.registry.find(kind, str(named.value)) if isinstance(named, Scalar) else None
        if found is None:
            return _kept(tree, lambda key, value: None if is_null(value) and key != selector(kind) else value)
        return self._declared(tree, found, EXTRA_KEYS.get(kind, ()))

    def _declared(self, tree: Mapping, declaration: Declaration, own: Collection[str] = ()) -> Mapping:
        """The parameters of a class, and the keys of the spec language beside them."""

        def value_of(key: str, value: Tree) -> Tree | None:
            parameter = declaration.parameter(key)
            if key in own or parameter is None:
                return None if is_null(value) and key in own else value
            if is_null(value):
                return value if parameter.nullable else None
            return self._value(parameter, value)

        return _kept(tree, value_of)

    def _value(self, parameter: Parameter, value: Tree) -> Tree:
        if parameter.uses is None:
            return self._free(value, parameter.schema)
        if isinstance(value, Sequence):
            kind = parameter.uses
            items = tuple(self._chosen(item, kind) if isinstance(item, Mapping) else item for item in value.items)
            return value if all(map(is_, items, value.items)) else replace(value, items=items)
        return self._chosen(value, parameter.uses) if isinstance(value, Mapping) else value

    def _free(self, tree: Tree, schema: dict[str, Any]) -> Tree:
        """A value by its schema: in a mapping, null removes the key unless it may stand there."""
        if not isinstance(tree, Mapping):
            return tree

        def entry(key: str, value: Tree) -> Tree | None:
            inner = _schema_at(schema, key)
            if is_null(value):
                return value if inner is not None and admits_null(inner) else None
            return self._free(value, inner or {})

        return _kept(tree, entry)


def set_by(tree: Tree) -> str:
    """What set a value: a variant, an override, or a line of a file."""
    return tree.layer or f"{tree.place.document.name}:{tree.place.line}"


def _schema_at(schema: dict[str, Any], key: str) -> dict[str, Any] | None:
    """The schema of a key's value; None where nothing is said of it."""
    for arm in schema.get("anyOf", [schema]):
        found = arm.get("properties", {}).get(key, arm.get("additionalProperties"))
        if isinstance(found, dict):
            return found
    return None


def _kept(tree: Mapping, settle: Callable[[str, Tree], Tree | None]) -> Mapping:
    """The mapping with each value settled, without those for which nothing is left."""
    found = {key: settle(key, value) for key, value in tree.items.items()}
    if all(found[key] is value for key, value in tree.items.items()):
        return tree  # the same object, so that what variants have in common is checked once
    items = {key: value for key, value in found.items() if value is not None}
    gone = {key: value.place for key, value in tree.items.items() if key not in items}
    return replace(tree, items=items, keys={key: tree.keys[key] for key in items}, gone={**tree.gone, **gone})
