"""What a spec computes otherwise than its paper says: sentences of its own, and those of the classes that it uses.

A spec and a variant keep theirs under ``paper.deviates``, a mapping of names to sentences. It merges as all mappings
do, so that variants add theirs, and null takes back what a variant does as the text has it.
"""

from __future__ import annotations

from collections.abc import Iterator

from compose.block import Kind
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.spec.schema.node_keys import selector
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, descend

SECTIONS: dict[str, tuple[Kind, ...]] = {
    "data": ("data",),
    "labels": ("vectors", "graph"),
    "blocks": ("block", "composite"),
    "model": ("block", "composite"),
    "loss": ("loss",),
    "train": ("stage", "optimizer", "schedule"),
}
"""Sections, and the kinds of classes that they name."""


def own_deviations(layer: Mapping) -> dict[str, str | None]:
    """The sentences of a spec or a variant, each under its name; None where it takes one back."""
    found = descend(layer, ("paper", "deviates"))
    entries = found.items if isinstance(found, Mapping) else {}
    said = {name: entry.value for name, entry in entries.items() if isinstance(entry, Scalar)}
    return {name: text for name, text in said.items() if text is None or isinstance(text, str)}


def deviations(tree: Mapping, registry: Registry) -> dict[str, str]:
    """Every sentence that holds for a spec with its variants: its own, then that of each class that it uses."""
    own = {name: text for name, text in own_deviations(tree).items() if text is not None}
    used = {d.name: d.deviates.replace("``", "`") for d in _used(tree, registry) if d.deviates}
    return own | {f"`{name}`": text for name, text in used.items()}


def _used(tree: Mapping, registry: Registry) -> Iterator[Declaration]:
    """The classes that a spec names."""
    for section, kinds in SECTIONS.items():
        names = [(kind, name) for kind in kinds for name in _named(tree.get(section), selector(kind))]
        yield from (found for kind, name in names if (found := registry.find(kind, name)))


def _named(tree: Tree | None, key: str) -> Iterator[str]:
    """What stands under a key anywhere in a tree."""
    if isinstance(tree, Mapping):
        named = tree.get(key)
        if isinstance(named, Scalar):
            yield str(named.value)
        for inner in tree.items.values():
            yield from _named(inner, key)
    elif isinstance(tree, Sequence):
        for inner in tree.items:
            yield from _named(inner, key)
