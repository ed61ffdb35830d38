"""Inside a composite block, ``$name`` stands for the value of the block's parameter ``name``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compose.errors import Place, SpecError
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.spec.schema.explain import Subject, explain
from compose.spec.schema.faults import faults
from compose.spec.schema.named import NamedClasses, subject_of
from compose.spec.schema.node_keys import NODE_KEYS, UNFILLED, placeholder
from compose.spec.schema.refused import is_open, refused, tells
from compose.spec.yaml.tree import Mapping, Path, Sequence, Tree, descend, graft


def fill(node: Mapping, values: dict[str, Any], unknown: Callable[[str, Place], None]) -> Mapping:
    """A node of a composite block with the values of the block's parameters in it.

    Args:
        node: the node as written.
        values: the parameters' values; one that is None is not known, and ``$name`` stays.
        unknown: told each name that is no parameter, and where it stands.
    """

    def filled(tree: Tree) -> Tree:
        match tree:
            case Mapping():
                items = {key: filled(value) for key, value in tree.items.items()}
                return Mapping(tree.place, items, tree.keys, layer=tree.layer)
            case Sequence():
                return Sequence(tree.place, tuple(map(filled, tree.items)), layer=tree.layer)
        name = placeholder(tree)
        if name is None:
            return tree
        if name not in values:
            unknown(name, tree.place)
        return tree if values.get(name) is None else graft(values[name], tree.place)

    items = {key: value if key in UNFILLED else filled(value) for key, value in node.items.items()}
    return Mapping(node.place, items, node.keys, layer=node.layer)


def mistakes(node: Mapping, full: Mapping, declaration: Declaration | None, registry: Registry) -> list[SpecError]:
    """What is wrong with values that were filled in.

    Args:
        node: the node as written.
        full: the node filled.
        declaration: the block that it uses; None for a composite, whose own nodes are checked instead.
        registry: the known blocks.
    """
    schema = NamedClasses(registry, []).schema(declaration) if declaration else {"properties": NODE_KEYS}
    subject = subject_of(declaration, node) if declaration else Subject("the node", "key")
    found, wrong = [], faults(full, schema)
    refusal = refused(full, declaration, wrong, subject, inside=True) if declaration and is_open(node) else None
    if refusal:
        refusal.message += ", with what is filled in"
        found.append(refusal)
    for fault in wrong:
        name = None if tells(refusal, fault) else _filled_from(node, fault.path)
        if name and not placeholder(fault.tree):
            error = explain(fault, subject)
            error.message += f", filled in for `${name}`"
            found.append(error)
    return found


def _filled_from(node: Mapping, path: Path) -> str | None:
    """The ``$name`` of a node, as written, below which a path leads."""
    trees = (descend(node, path[: length + 1]) for length in range(len(path)))
    return next((name for tree in trees if tree and (name := placeholder(tree))), None)
