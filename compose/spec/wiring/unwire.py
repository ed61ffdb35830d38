"""Take the wires from removed nodes out of ports that can do without: optional ones, and lists that keep a tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from compose.registry.declaration import Declaration, Port
from compose.spec.wiring.inputs import FED
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree

IsGone = Callable[[str], bool]
"""Whether a reference is to a removed node."""


def unwired(node: Mapping, declaration: Declaration, is_gone: IsGone) -> Mapping:
    """The node without such wires; the same object where there is none.

    Args:
        node: a node or a loss.
        declaration: the block that it uses.
        is_gone: whether a reference is to a removed node.
    """
    tree, ports = node.get("in"), declaration.inputs
    left = tree
    if isinstance(tree, Mapping):
        left = _by_name(tree, {port.name: port for port in ports}, is_gone)
    elif isinstance(tree, Sequence) and ports and ports[0].many:
        later = sum(not port.optional and port.name not in FED for port in ports[1:])
        cut = len(tree.items) - later
        first = _listed(replace(tree, items=tree.items[:cut]), is_gone)
        left = tree if len(first.items) == cut else replace(tree, items=(*first.items, *tree.items[cut:]))
    if left is tree or left is None:
        return node
    return replace(node, items={**node.items, "in": left})


def _by_name(tree: Mapping, ports: dict[str, Port], is_gone: IsGone) -> Mapping:
    items: dict[str, Tree] = {}
    for key, feed in tree.items.items():
        port = ports.get(key)
        value = _listed(feed, is_gone) if port and port.many and isinstance(feed, Sequence) else feed
        if not (port and port.optional and isinstance(feed, Scalar) and is_gone(str(feed.value))):
            items[key] = value
    if len(items) == len(tree.items) and all(items[key] is feed for key, feed in tree.items.items()):
        return tree
    return replace(tree, items=items, keys={key: tree.keys[key] for key in items})


def _listed(tree: Sequence, is_gone: IsGone) -> Sequence:
    items = tuple(item for item in tree.items if not (isinstance(item, Scalar) and is_gone(str(item.value))))
    return replace(tree, items=items) if items and len(items) < len(tree.items) else tree
