"""Names that no node may bear: those of the spec language, and the attributes of every PyTorch model."""

from __future__ import annotations

from compose.errors import SpecError
from compose.spec.wiring.module_names import MODULE_NAMES
from compose.spec.wiring.reserved import ROOTS
from compose.spec.yaml.tree import Mapping, Tree

TAKEN = sorted(ROOTS | MODULE_NAMES)


def reserved_names(nodes: Tree | None) -> list[SpecError]:
    """The errors of nodes that bear such a name, each at its key."""
    if not isinstance(nodes, Mapping):
        return []
    return [_reserved(name, nodes) for name in nodes.items if name in TAKEN]


def _reserved(name: str, nodes: Mapping) -> SpecError:
    what = "a name of the spec language" if name in ROOTS else "an attribute of every PyTorch model"
    return SpecError("reserved-name", f"`{name}` is {what} and cannot name a node", nodes.keys[name])
