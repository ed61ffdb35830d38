"""Where each value of a resolved spec comes from: a line of a file, a variant, an override, or a block's default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from compose.block import Kind
from compose.errors import Place
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import Registry
from compose.spec.schema.node_keys import selector
from compose.spec.yaml.tree import Mapping, Path, Scalar, Sequence, Tree, descend

DEFAULT = "default of "


def origin(tree: Mapping, path: Path) -> str:
    """Where the value at a path comes from, in words.

    Args:
        tree: a resolved spec.
        path: a path in it.
    """
    node = descend(tree, path)
    assert node is not None
    if node.layer.startswith(("-s ", DEFAULT)):
        return node.layer
    where = f"{node.place.document.name}:{node.place.line}"
    return f"{node.layer} ({where})" if node.layer else where


def with_defaults(tree: Mapping, registry: Registry) -> Mapping:
    """The spec with every parameter written out that it leaves at its default."""
    filler = _Filler(registry)
    sections: dict[str, Tree] = {}
    for key, value in tree.items.items():
        sections[key] = filler.section(key, value)
    for key in ("evaluate",):
        if key not in sections and registry.find("section", key):
            sections[key] = filler.section(key, _empty(tree.place))
    return _mapping(tree, sections)


class _Filler:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def section(self, name: str, tree: Tree) -> Tree:
        """A top-level section with its defaults."""
        match name, tree:
            case "data", Mapping():
                return self.chosen("data", tree)
            case "model", Mapping():
                return _mapping(tree, {key: self.chosen("block", node) for key, node in tree.items.items()})
            case "loss", Mapping():
                return _mapping(tree, {key: self.chosen("loss", term) for key, term in tree.items.items()})
            case "train", Mapping():
                return _mapping(tree, {key: self.chosen("stage", stage) for key, stage in tree.items.items()})
            case (("labels" | "evaluate"), Mapping()):
                found = self.registry.find("section", name)
                return self.filled(tree, found) if found else tree
        return tree

    def chosen(self, kind: Kind, tree: Tree) -> Tree:
        """A ``{use: NAME, ...}`` with its defaults."""
        named = tree.get(selector(kind)) if isinstance(tree, Mapping) else None
        found = self.registry.find(kind, str(named.value)) if isinstance(named, Scalar) else None
        return self.filled(tree, found) if found and isinstance(tree, Mapping) else tree

    def filled(self, tree: Mapping, declaration: Declaration) -> Mapping:
        """A mapping with the parameters of a class that it does not set."""
        items = dict(tree.items)
        for parameter in declaration.parameters:
            given = items.get(parameter.name)
            if given is not None and parameter.uses:
                items[parameter.name] = self.chosen(parameter.uses, given)
            elif given is None and _can_write(parameter):
                items[parameter.name] = _tree(parameter.default, tree.place, f"{DEFAULT}{declaration.name}")
        return _mapping(tree, items)


def _can_write(parameter: Parameter) -> bool:
    """Whether a default can stand in a spec: an unset ``{use: ...}`` cannot, nor null where nothing else says so."""
    if parameter.required or (parameter.uses and parameter.default is None):
        return False
    arms = parameter.schema.get("anyOf", [parameter.schema])
    return parameter.default is not None or any(arm.get("type") == "null" for arm in arms)


def _tree(value: Any, place: Place, layer: str) -> Tree:
    if isinstance(value, dict):
        items = {key: _tree(inner, place, layer) for key, inner in value.items()}
        return Mapping(place, items, dict.fromkeys(items, place), layer=layer)
    if isinstance(value, list | tuple):
        return Sequence(place, tuple(_tree(inner, place, layer) for inner in value), layer=layer)
    return Scalar(place, value, layer=layer)


def _empty(place: Place) -> Mapping:
    return Mapping(place, {}, {})


def _mapping(tree: Mapping, items: dict[str, Tree]) -> Mapping:
    keys = {key: tree.keys.get(key, tree.place) for key in items}
    return replace(tree, items=items, keys=keys)
