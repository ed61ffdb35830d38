"""The composite blocks that come with the package: files of ``zoo/composites``, named after ``use:`` like any block.

Those that a spec names are written into its ``blocks:``, their places in their own files. So all that reads a spec, and
the lock file of a run, has them as if they stood in the spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from compose.errors import Place
from compose.registry.registry import Registry
from compose.spec.layers.merge import is_null
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import Mapping, Scalar, Tree

FOLDER = "composites"
"""The folder of the zoo that holds them."""
OF_SPECS = {"data", "extends", "loss", "train"}
"""Keys that say that a file holds a spec."""


def packaged_names() -> list[str]:
    """The composites that there are, by the names of their files."""
    return sorted(path.stem for path in _folder().glob("*.yaml"))


@cache
def packaged(name: str) -> Tree:
    """The composite of a name, its places in its file."""
    return load_file(_folder() / f"{name}.yaml", name=shown_file(name))


def shown_file(name: str) -> str:
    """A composite's file, as messages call it."""
    return f"zoo/{FOLDER}/{name}.yaml"


def is_packaged(place: Place) -> bool:
    """Whether a place is in the file of a packaged composite, which no user changes."""
    return place.document.name == shown_file(Path(place.document.name).stem)


def with_packaged(tree: Mapping, registry: Registry) -> Mapping:
    """The spec with the composites that it names in its ``blocks:``; the same object where it names none.

    Args:
        tree: all layers, merged.
        registry: knows the composites by their index, and the blocks, which come before them.
    """
    blocks = tree.get("blocks")
    own = blocks.items if isinstance(blocks, Mapping) else {}
    found: dict[str, Tree] = {}
    open_ = [*_used(tree.get("model")), *(name for body in own.values() for name in _used_in(body))]
    while open_:
        name = open_.pop()
        known = registry.find("composite", name) and not registry.find("block", name)
        if known and name not in own and name not in found:
            found[name] = packaged(name)
            open_ += _used_in(found[name])
    return _with_blocks(tree, found) if found else tree


def is_composite(tree: Mapping) -> bool:
    """Whether a file holds a composite block, and no spec."""
    return bool({"inputs", "outputs"} & set(tree.items)) and not OF_SPECS & set(tree.items)


def _with_blocks(tree: Mapping, found: dict[str, Tree]) -> Mapping:
    blocks = tree.get("blocks")
    if blocks is not None and not isinstance(blocks, Mapping) and not is_null(blocks):
        return tree  # the schema check tells what is wrong with it
    own = blocks if isinstance(blocks, Mapping) else Mapping(tree.place, {}, {})
    added = dict(sorted(found.items()))
    items = {**own.items, **added}
    keys = {**own.keys, **{name: body.place for name, body in added.items()}}
    section = Mapping(own.place, items, keys, layer=own.layer)
    place = tree.keys.get("blocks", tree.place)
    return Mapping(tree.place, {**tree.items, "blocks": section}, {**tree.keys, "blocks": place}, layer=tree.layer)


def _used_in(body: Tree) -> Iterator[str]:
    return _used(body.get("model") if isinstance(body, Mapping) else None)


def _used(nodes: Tree | None) -> Iterator[str]:
    """The names after ``use:`` of some nodes."""
    for node in nodes.items.values() if isinstance(nodes, Mapping) else ():
        used = node.get("use") if isinstance(node, Mapping) else None
        if isinstance(used, Scalar) and isinstance(used.value, str):
            yield used.value


def _folder() -> Path:
    return Path(str(files("compose.zoo"))) / FOLDER
