"""Where the files are that a spec names: a relative path starts in the folder of the file that it is written in.

Each layer counts by itself: what an extended spec names is found from that spec's folder, what ``-s`` names from the
current one. So is what a packaged spec names, as nobody's data lie beside it. Which values are paths the declarations
say: those of a parameter whose type is ``pathlib.Path``. They become absolute here, so that a run's lock file holds for
every folder. What begins with ``~`` or with a variable of the environment (``$HOME/photos``) stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from compose.block import Kind
from compose.registry.declaration import PATH, WEIGHTS_FILE, Parameter
from compose.registry.registry import Registry
from compose.spec.schema.composite_parameters import CompositeParameters, schema_at
from compose.spec.schema.node_keys import Schema, placeholder, selector
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree


def with_paths(tree: Mapping, registry: Registry) -> Mapping:
    """The spec with every path absolute.

    Args:
        tree: a spec that meets the schema.
        registry: knows which values are paths.
    """
    blocks = tree.get("blocks")
    bodies = blocks.items if isinstance(blocks, Mapping) else {}
    return _Paths(registry, CompositeParameters(registry, bodies)).spec(tree)


class _Paths:
    """Makes paths absolute.

    Args:
        registry: the known classes.
        composites: what the spec's composites take.
    """

    def __init__(self, registry: Registry, composites: CompositeParameters) -> None:
        self.registry, self.composites = registry, composites

    def spec(self, tree: Mapping) -> Mapping:
        sections: dict[str, Callable[[Tree], Tree]] = {
            "data": lambda part: self._used(part, "data"),
            "labels": lambda part: self._section(part, "labels"),
            "evaluate": lambda part: self._section(part, "evaluate"),
            "train": lambda part: _entries(part, lambda stage: self._used(stage, "stage")),
            "model": lambda part: _entries(part, self._node),
            "loss": lambda part: _entries(part, lambda term: self._used(term, "loss")),
            "blocks": self._blocks,
        }
        items = {key: sections[key](part) if key in sections else part for key, part in tree.items.items()}
        return replace(tree, items=items)

    def _section(self, part: Tree, name: str) -> Tree:
        found = self.registry.find("section", name)
        return self._filled(part, found.parameters) if found else part

    def _used(self, part: Tree, kind: Kind) -> Tree:
        """What stands at a ``{use: NAME, ...}`` of a kind."""
        used = part.get(selector(kind)) if isinstance(part, Mapping) else None
        found = self.registry.find(kind, str(used.value)) if isinstance(used, Scalar) else None
        return self._filled(part, found.parameters) if found else part

    def _node(self, node: Tree) -> Tree:
        used = node.get("use") if isinstance(node, Mapping) else None
        if isinstance(used, Scalar) and used.value in self.composites.composites:
            return self._filled(node, self.composites.of(str(used.value)))
        return self._used(node, "block")

    def _blocks(self, blocks: Tree) -> Tree:
        """The composites of a spec: the defaults of their parameters, and their nodes."""
        if not isinstance(blocks, Mapping):
            return blocks
        return replace(blocks, items={name: self._composite(name, body) for name, body in blocks.items.items()})

    def _composite(self, name: str, body: Tree) -> Tree:
        if not isinstance(body, Mapping):
            return body
        parts: dict[str, Callable[[Tree], Tree]] = {
            "params": lambda part: self._filled(part, self.composites.of(name)),
            "model": lambda part: _entries(part, self._node),
        }
        items = {key: parts[key](part) if key in parts else part for key, part in body.items.items()}
        return replace(body, items=items)

    def _filled(self, part: Tree, parameters: Iterable[Parameter]) -> Tree:
        """The values of a class's parameters."""
        if not isinstance(part, Mapping):
            return part
        known = {parameter.name: parameter for parameter in parameters}
        items = {key: self._value(value, known[key]) if key in known else value for key, value in part.items.items()}
        return replace(part, items=items)

    def _value(self, value: Tree, parameter: Parameter) -> Tree:
        kind = parameter.uses
        if kind is None:
            return _absolute(value, parameter.schema)
        if isinstance(value, Sequence):
            return replace(value, items=tuple(self._used(item, kind) for item in value.items))
        return self._used(value, kind)


def _entries(part: Tree, change: Callable[[Tree], Tree]) -> Tree:
    if not isinstance(part, Mapping):
        return part
    return replace(part, items={name: change(entry) for name, entry in part.items.items()})


def _absolute(tree: Tree, schema: Schema) -> Tree:
    """A value, or what lies in it, as an absolute path where the schema says that it is one."""
    match tree:
        case Mapping():
            return replace(tree, items={key: _absolute(v, schema_at(schema, (key,))) for key, v in tree.items.items()})
        case Sequence():
            inner = (_absolute(item, schema_at(schema, (place,))) for place, item in enumerate(tree.items))
            return replace(tree, items=tuple(inner))
    folder = tree.place.document.folder or os.getcwd()
    text = tree.value
    if not isinstance(text, str) or placeholder(tree) or not _is_path(text, schema, folder):
        return tree
    return replace(tree, value=_direct(os.path.join(folder, text)))


def _direct(path: str) -> str:
    """A path without ``..``, so that no folder on the way needs to be there later; one that leads over a link stays."""
    direct = os.path.normpath(path)
    return direct if os.path.realpath(direct) == os.path.realpath(path) else str(Path(path))


def _is_path(text: str, schema: Schema, folder: str) -> bool:
    """Whether a text is a relative path by its schema."""
    if not text.strip() or text[0] in "~$" or os.path.isabs(text):
        return False
    arms: list[Any] = schema.get("anyOf") or schema.get("allOf") or [schema]
    if any(text in arm.get("enum", ()) or text == arm.get("const") for arm in arms):
        return False
    formats = {arm.get("format") for arm in arms}
    has_form = any(mark in text for mark in "./\\")
    return PATH in formats or (WEIGHTS_FILE in formats and (has_form or Path(folder, text).exists()))
